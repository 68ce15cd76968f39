// The largest and the smallest elements along axes, and where they are.
#include "plugrad/ops/reductions.h"

namespace plugrad {

namespace {

[[noreturn]] void fail_for_want_of_elements(Inference& i) {
  i.fail(std::string_view(i.op().name).ends_with("max") ? "no maximum of no elements"
                                                        : "no minimum of no elements");
}

void infer_extremum(Inference& i) {
  infer_reduction(i);
  if (i.in(0).size() == 0 && i.out().shape.size() != 0) fail_for_want_of_elements(i);
}

// Shared evenly among the elements that are equal to the result.
Array extremum_gradient(const Gradient& g) {
  const Array &x = g.in(0), y = with_reduced_axes(g, g.out());
  const Array hit = cast(equal(x, y), g.dtype());
  const Array hits = sum_to(hit, y.shape());
  return hit * (with_reduced_axes(g, g.dy()) / hits);
}

constexpr OpSchema extremum(const char* name) {
  return {.name = name,
          .attributes = {"axes", "keepdims"},
          .dtypes = {numbers},
          .infer = infer_extremum,
          .differentiability = Differentiability::differentiable,
          .gradient = {{.needs = input(0) | output(), .composition = extremum_gradient}},
          .samples = [](Samples& s) {
            for_each_reduction([&](Sample::Input x, const Axes& axes, bool keepdims) {
              if (x.shape.size() > 3000) x.shape = {30, 100};  // distinct values of more would be large
              x.distinct = true;
              s.add({x}, {axes, keepdims});
            });
            s.add({Sample::Input({6, 7}, int64, -5, 5)}, {Axes{1}, false});
            s.add({{0, 3}}, {Axes{1}, false});
          }};
}

const BuiltinOp max_op(extremum("max")), min_op(extremum("min"));

void infer_place(Inference& i) {
  const int axis = i.axis(0);
  if (i.in(0).dims()[axis] == 0) fail_for_want_of_elements(i);
  reduced_shape(i.in(0), 1u << axis, i.integer(1) != 0, i.out().shape);
  i.out().dtype = int64;
}

constexpr OpSchema place_of_extremum(const char* name) {
  return {.name = name,
          .attributes = {"axis", "keepdims"},
          .dtypes = {numbers},
          .infer = infer_place,
          .differentiability = Differentiability::locally_constant,
          .samples = [](Samples& s) {
            s.add({{5}}, {0, false});
            s.add({{2, 3, 4}}, {1, false});
            s.add({{2, 3, 4}}, {-1, true});
            s.add({{100, 10}}, {1, false});
            s.add({{100, 40}}, {0, false});
            s.add({Sample::Input({6, 7}, int32, -2, 2)}, {0, false});
            s.add({Sample::Input({6, 7}).with(Sample::Input::strided)}, {1, false});
            s.add({{0, 3}}, {1, false});
          }};
}

const BuiltinOp argmax_op(place_of_extremum("argmax")), argmin_op(place_of_extremum("argmin"));

}  // namespace

Array max(const Array& x, const Axes& axes, bool keepdims) { return max_op({x}, {axes, keepdims}); }
Array min(const Array& x, const Axes& axes, bool keepdims) { return min_op({x}, {axes, keepdims}); }
Array argmax(const Array& x, int64_t axis, bool keepdims) { return argmax_op({x}, {axis, keepdims}); }
Array argmin(const Array& x, int64_t axis, bool keepdims) { return argmin_op({x}, {axis, keepdims}); }

}  // namespace plugrad

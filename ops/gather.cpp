// Along one axis, for each place an element chosen by an index of its own; and what is added to such.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// The index must have x's rank, and be no longer than x along the axes but `axis`.
void check_index(const Inference& i) {
  const Array &x = i.in(0), &index = i.in(1);
  const int axis = i.axis(0);
  if (index.ndim() != x.ndim()) i.fail(fmt::format("needs an index of {} axes", x.ndim()));
  for (int k = 0; k < x.ndim(); ++k)
    if (k != axis && index.dims()[k] > x.dims()[k]) i.fail(fmt::format("the index is longer in axis {}", k));
}

void infer_gather(Inference& i) {
  check_index(i);
  i.out().shape = i.in(1).shape();
  i.out().dtype = i.in(0).dtype();
}

void infer_scatter_add(Inference& i) {
  check_index(i);
  if (i.in(2).dtype() != i.in(0).dtype()) i.fail("needs both arrays of one dtype");
  if (!(i.in(2).shape() == i.in(1).shape())) i.fail("needs a source of the index's shape");
  infer_same(i);
}

// Calls add(x, index, axis) for the samples of both ops.
template <class F>
void for_each_sample(F add) {
  using Input = Sample::Input;
  const auto index = [](const Shape& shape, double high) { return Input(shape, int32, 0, high); };
  add(Input({5, 3}), index({4, 3}, 5), 0);
  add(Input({5, 3}), index({4, 7}, 3), 1);
  add(Input({2, 3, 4}), index({2, 9, 3}, 3), -2);
  add(Input({5}), index({40}, 5), 0);
  add(Input({5, 3}), index({0, 3}, 5), 0);
  add(Input({5, 3}), index({5, 0}, 3), 1);
  add(Input({2, 1, 3}), Input({1, 4, 3}, int64, 0, 1), 1);
  add(Input({6, 4}).with(Input::transposed), index({3, 4}, 6).with(Input::strided), 0);
  add(Input({6, 4}).with(Input::strided), index({6, 5}, 4).with(Input::transposed), 1);
  add(Input({500, 40}), index({3000, 40}, 500), 0);
  add(Input({300, 1000}), index({300, 900}, 1000), 1);
}

const BuiltinOp gather_op({.name = "gather",
                           .n_in = 2,
                           .attributes = {"axis"},
                           .dtype_rule = DTypeRule::separate,
                           .dtypes = {any_dtype, integers},
                           .infer = infer_gather,
                           .differentiability = Differentiability::differentiable,
                           .gradient = {{.needs = input(1),
                                         .composition =
                                             [](const Gradient& g) {
                                               const Array sums = zeros(g.shape(0), g.dtype(), g.device());
                                               return scatter_add(sums, g.integer(0), g.in(1), g.dy());
                                             }}},
                           .samples = [](Samples& s) {
                             for_each_sample([&s](const auto& x, const auto& index, int axis) {
                               s.add({x, index}, {axis});
                             });
                           }});

const BuiltinOp scatter_add_op(
    {.name = "scatter_add",
     .n_in = 3,
     .attributes = {"axis"},
     .dtype_rule = DTypeRule::separate,
     .dtypes = {numbers, integers, numbers},
     .infer = infer_scatter_add,
     .differentiability = Differentiability::differentiable,
     .gradient_form = GradientForm::trivial,
     .gradient = {{.composition = [](const Gradient& g) { return g.dy(); }},
                  {},
                  {.needs = input(1),
                   .composition = [](const Gradient& g) { return gather(g.dy(), g.integer(0), g.in(1)); }}},
     .samples = [](Samples& s) {
       for_each_sample([&s](const auto& x, const auto& index, int axis) {
         s.add({x, index, Sample::Input(index.shape)}, {axis});
       });
       s.add({{6, 4},
              Sample::Input({5, 4}, int32, 0, 6),
              Sample::Input({5, 4}).with(Sample::Input::transposed)},
             {0});
     }});

}  // namespace

Array gather(const Array& x, int64_t axis, const Array& index) { return gather_op({x, index}, {axis}); }

Array scatter_add(const Array& x, int64_t axis, const Array& index, const Array& source) {
  if (!x || !source || x.dtype() == source.dtype()) return scatter_add_op({x, index, source}, {axis});
  const DType d = promote(x.dtype(), source.dtype());
  return scatter_add_op({cast(x, d), index, cast(source, d)}, {axis});
}

}  // namespace plugrad

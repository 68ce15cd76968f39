// Arrays joined along an axis, and divided along one.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_concat(Inference& i) {
  const int axis = i.axis(0);
  Shape& out = i.out().shape;
  out = i.in(0).shape();
  i.out().dtype = i.in(0).dtype();
  for (int n = 1; n < i.n_in(); ++n) {
    const Array& x = i.in(n);
    bool fits = x.ndim() == out.ndim();
    for (int k = 0; fits && k < out.ndim(); ++k) fits = k == axis || x.dims()[k] == out[k];
    if (!fits) i.fail(fmt::format("cannot join along axis {}", axis));
    out[axis] += x.dims()[axis];
  }
}

const BuiltinOp concat_op({.name = "concat",
                           .n_in = -1,
                           .attributes = {"axis"},
                           .dtype_rule = DTypeRule::promote,
                           .dtypes = {any_dtype},
                           .infer = infer_concat,
                           .differentiability = Differentiability::differentiable,
                           .gradient_form = GradientForm::trivial,
                           .gradient = {{.composition =
                                             [](const Gradient& g) {
                                               const int axis =
                                                   normalize_axis(g.integer(0), g.dy().shape(), "concat");
                                               int64_t start = 0;
                                               for (int i = 0; i < g.input(); ++i) start += g.shape(i)[axis];
                                               return slice(g.dy(), axis, start,
                                                            start + g.shape(g.input())[axis]);
                                             }}},
                           .same_gradient_for_all = true,
                           .samples = [](Samples& s) {
                             s.add({{3}}, {0});
                             s.add({{2, 3}, {4, 3}}, {0});
                             s.add({{2, 3}, {2, 1}, {2, 4}}, {1});
                             s.add({{2, 3}, {2, 0}, {2, 4}}, {-1});
                             s.add({{2, 3, 2}, {2, 1, 2}}, {1});
                             s.add({Sample::Input({4, 3}).with(Sample::Input::transposed),
                                    Sample::Input({4, 2}).with(Sample::Input::strided)},
                                   {1});
                             s.add({{300, 500}, {300, 700}}, {1});
                             s.add({Sample::Input({5}, int32, -3, 3), Sample::Input({2}, int32, -3, 3)}, {0});
                           }});

void infer_split(Inference& i) {
  const Array& x = i.in(0);
  const int axis = i.axis(0), sections = i.n_out();
  if (x.dims()[axis] % sections != 0)
    i.fail(fmt::format("axis {} cannot be divided into {} equal parts", axis, sections));
  const int64_t length = x.dims()[axis] / sections;
  for (int k = 0; k < sections; ++k) {
    Inference::Output& out = i.out(k);
    out.shape = x.shape();
    out.shape[axis] = length;
    std::copy_n(x.strides(), x.ndim(), out.strides);
    out.offset = length == 0 ? 0 : k * length * x.strides()[axis];
    out.dtype = x.dtype();
  }
}

const BuiltinOp split_op(
    {.name = "split",
     .n_out = 0,
     .attributes = {"axis", "sections"},
     .kind = OpKind::view,
     .dtypes = {any_dtype},
     .infer = infer_split,
     .differentiability = Differentiability::differentiable,
     .gradient_form = GradientForm::trivial,
     .gradient = {{.composition =
                       [](const Gradient& g) {
                         return concat({&g.dy(0), static_cast<size_t>(g.integer(1))}, g.integer(0));
                       }}},
     .samples = [](Samples& s) {
       s.add({{6}}, {0, 3}, 3);
       s.add({{2, 8}}, {1, 4}, 4);
       s.add({{2, 8}}, {-2, 1}, 1);
       s.add({{2, 0}}, {1, 2}, 2);
       s.add({Sample::Input({4, 6}).with(Sample::Input::transposed)}, {1, 2}, 2);
     }});

}  // namespace

Array concat(std::span<const Array> xs, int64_t axis) { return concat_op(xs, {axis}); }

Array stack(std::span<const Array> xs, int64_t axis) {
  std::vector<Array> raised;
  for (const Array& x : xs) raised.push_back(unsqueeze(x, axis));
  return concat(raised, axis);
}

namespace detail {
void split_into(const Array& x, std::span<Array> parts, int64_t axis) {
  const ArrayRef in[] = {x};
  const Value attr[] = {axis, parts.size()};
  dispatch(split_op.row(), in, 1, attr, 2, parts.data(), static_cast<int>(parts.size()));
}
}  // namespace detail

std::vector<Array> split(const Array& x, int sections, int64_t axis) {
  if (sections < 1) throw ShapeError(fmt::format("split: into {} parts", sections));
  std::vector<Array> parts(static_cast<size_t>(sections));
  detail::split_into(x, parts, axis);
  return parts;
}

}  // namespace plugrad

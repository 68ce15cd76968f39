// The elements of an array in other places, or several times.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

const BuiltinOp roll_op({.name = "roll",
                         .attributes = {"shift", "axis"},
                         .kind = OpKind::composite,
                         .dtypes = {any_dtype},
                         .infer =
                             [](Inference& i) {
                               i.axis(1);  // checks range
                               i.out().shape = i.in(0).shape();
                               i.out().dtype = i.in(0).dtype();
                             },
                         .differentiability = Differentiability::differentiable,
                         .gradient_form = GradientForm::trivial,
                         .gradient = {{.composition =
                                           [](const Gradient& g) {
                                             const int64_t n = g.dy().dim(static_cast<int>(g.integer(1)));
                                             return roll(g.dy(), n == 0 ? 0 : -(g.integer(0) % n),
                                                         g.integer(1));
                                           }}},
                         .composition =
                             [](const Composition& c) {
                               const Array& x = c.in(0);
                               const int64_t axis = c.integer(1), n = x.dim(static_cast<int>(axis));
                               const int64_t shift = n == 0 ? 0 : c.integer(0) % n,
                                             start = shift > 0 ? n - shift : -shift;
                               c.out() = concat({slice(x, axis, start, n), slice(x, axis, 0, start)}, axis);
                             },
                         .samples =
                             [](Samples& s) {
                               s.add({{5}}, {2, 0});
                               s.add({{5}}, {-12, 0});
                               s.add({{2, 6}}, {0, 1});
                               s.add({{2, 3, 4}}, {1, 1});
                               s.add({{2, 3, 4}}, {7, -3});
                               s.add({{3, 0}}, {1, 1});
                               s.add({{0, 3}}, {1, 1});
                               s.add({{1, 3}}, {1, 0});
                               s.add({Sample::Input({4, 6}).with(Sample::Input::transposed)}, {2, 1});
                               s.add({Sample::Input({4, 6}).with(Sample::Input::strided)}, {-1, 0});
                               s.add({{300, 2000}}, {777, 1});
                               s.add({{300, 2000}}, {-77, 0});
                             }});

// x, seen as [outer, inner], with each of the inner parts `count` times in a row, as `shape`.
Array repeat_parts(const Array& x, int64_t outer, int64_t inner, int64_t count, const Shape& shape) {
  return reshape(expand(reshape(x, {outer, 1, inner}), {outer, count, inner}), shape);
}

int64_t product(const Shape& s, int begin, int end) {
  int64_t n = 1;
  for (int k = begin; k < end; ++k) n *= s[k];
  return n;
}

}  // namespace

Array roll(const Array& x, int64_t shift, int64_t axis) { return roll_op({x}, {shift, axis}); }

Array repeat(const Array& x, int64_t count, int64_t axis) {
  if (count < 0) throw ShapeError(fmt::format("repeat: each element {} times", count));
  Shape shape = x.shape();
  const int at = normalize_axis(axis, shape, "repeat");
  const int64_t outer = product(shape, 0, at + 1), inner = product(shape, at + 1, x.ndim());
  shape[at] *= count;
  return count == 1 ? copy(x) : repeat_parts(x, outer, inner, count, shape);
}

Array tile(const Array& x, const Ints& counts) {
  Shape shape = x.shape();
  for (int k = 0; k < counts.size(); ++k)
    if (counts[k] < 0) throw ShapeError(fmt::format("tile: {} times along an axis", counts[k]));
  while (shape.ndim() < counts.size()) {  // new leading axes
    Shape longer{1};
    for (const int64_t n : shape) longer.push_back(n);
    shape = longer;
  }
  Array y = reshape(x, shape);
  for (int k = counts.size(); k-- > 0;) {
    const int axis = shape.ndim() - counts.size() + k;
    if (counts[k] == 1) continue;
    const int64_t outer = product(shape, 0, axis), inner = product(shape, axis, shape.ndim());
    shape[axis] *= counts[k];
    y = repeat_parts(y, outer, inner, counts[k], shape);
  }
  return y.storage() == x.storage() ? copy(y) : y;
}

}  // namespace plugrad

// Parts along axes: views; and the other way, arrays put among zeros or another value.
#include <fmt/format.h>

#include <cmath>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// The gradient of a part that starts at `start` along `axis`.
Array put_back(const Array& dy, const Shape& shape, int axis, int64_t start, int64_t step) {
  Axes starts, steps;
  for (int k = 0; k < shape.ndim(); ++k) {
    starts.push_back(k == axis ? start : 0);
    steps.push_back(k == axis ? step : 1);
  }
  return slice_backward(dy, shape, starts, steps);
}

void infer_slice(Inference& i) {
  const Array& x = i.in(0);
  const int axis = i.axis(0);
  const int64_t start = i.integer(1), count = i.integer(2), step = i.integer(3),
                last = start + (count - 1) * step;
  const int64_t length = x.dims()[axis];
  if (count < 0 || step == 0 || (count > 0 && (start < 0 || start >= length || last < 0 || last >= length)))
    i.fail(fmt::format("{} elements from {} by {} of axis {} are out of range", count, start, step, axis));
  Inference::Output& out = i.out();
  out.shape = x.shape();
  out.shape[axis] = count;
  std::copy_n(x.strides(), x.ndim(), out.strides);
  out.strides[axis] *= step;
  out.offset = count > 0 ? start * x.strides()[axis] : 0;
  out.dtype = x.dtype();
}

const BuiltinOp slice_op({.name = "slice",
                          .attributes = {"axis", "start", "count", "step"},
                          .kind = OpKind::view,
                          .dtypes = {any_dtype},
                          .infer = infer_slice,
                          .differentiability = Differentiability::differentiable,
                          .gradient_form = GradientForm::trivial,
                          .gradient = {{.composition =
                                            [](const Gradient& g) {
                                              const Shape s = g.shape(0);
                                              return put_back(g.dy(), s,
                                                              normalize_axis(g.integer(0), s, "slice"),
                                                              g.integer(1), g.integer(3));
                                            }}},
                          .samples = [](Samples& s) {
                            s.add({{5}}, {0, 1, 3, 1});
                            s.add({{4, 6}}, {1, 1, 3, 2});
                            s.add({{4, 6}}, {-1, 5, 6, -1});
                            s.add({{4, 6}}, {0, 0, 0, 1});
                            s.add({Sample::Input({4, 6}).with(Sample::Input::transposed)}, {1, 0, 6, 1});
                          }});

void infer_select(Inference& i) {
  const Array& x = i.in(0);
  const int axis = i.axis(0);
  const int64_t length = x.dims()[axis], index = i.integer(1) < 0 ? i.integer(1) + length : i.integer(1);
  if (index < 0 || index >= length)
    i.fail(fmt::format("index {} out of range for axis {}", i.integer(1), axis));
  Inference::Output& out = i.out();
  out.shape.set_ndim(x.ndim() - 1);
  for (int k = 0, to = 0; k < x.ndim(); ++k) {
    if (k == axis) continue;
    out.shape[to] = x.dims()[k];
    out.strides[to++] = x.strides()[k];
  }
  out.offset = index * x.strides()[axis];
  out.dtype = x.dtype();
}

const BuiltinOp select_op({.name = "select",
                           .attributes = {"axis", "index"},
                           .kind = OpKind::view,
                           .dtypes = {any_dtype},
                           .infer = infer_select,
                           .differentiability = Differentiability::differentiable,
                           .gradient_form = GradientForm::trivial,
                           .gradient = {{.composition =
                                             [](const Gradient& g) {
                                               const Shape s = g.shape(0);
                                               const int axis = normalize_axis(g.integer(0), s, "select");
                                               const int64_t index =
                                                   g.integer(1) < 0 ? g.integer(1) + s[axis] : g.integer(1);
                                               return put_back(unsqueeze(g.dy(), axis), s, axis, index, 1);
                                             }}},
                           .samples = [](Samples& s) {
                             s.add({{5}}, {0, 3});
                             s.add({{4, 6}}, {1, -1});
                             s.add({{2, 3, 4}}, {0, 1});
                           }});

void infer_slice_backward(Inference& i) {
  const Array& x = i.in(0);
  Inference::Output& out = i.out();
  out.shape = i.shape(0);
  out.dtype = x.dtype();
  if (out.shape.ndim() != x.ndim() || i.count(1) != x.ndim() || i.count(2) != x.ndim())
    i.fail("needs as many axes, starts and steps in " + to_string(out.shape));
  for (int k = 0; k < x.ndim(); ++k) {
    const int64_t start = i.integers(1)[k], step = i.integers(2)[k], last = start + (x.dims()[k] - 1) * step;
    if (step == 0) i.fail("a step of 0");
    if (x.dims()[k] > 0 && (start < 0 || start >= out.shape[k] || last < 0 || last >= out.shape[k]))
      i.fail(fmt::format("axis {} does not fit into {}", k, to_string(out.shape)));
  }
}

const BuiltinOp slice_backward_op(
    {.name = "slice_backward",
     .attributes = {"shape", "start", "step"},
     .dtypes = {numbers},
     .infer = infer_slice_backward,
     .differentiability = Differentiability::differentiable,
     .gradient_form = GradientForm::trivial,
     .gradient = {{.composition =
                       [](const Gradient& g) {
                         const Shape s = g.shape(0);
                         Array part = g.dy();
                         for (int k = 0; k < s.ndim(); ++k)
                           part = slice_op({part}, {k, s[k] ? g.integers(1)[k] : 0, s[k], g.integers(2)[k]});
                         return part;
                       }}},
     .samples = [](Samples& s) {
       s.add({{3}}, {Shape{5}, Axes{1}, Axes{1}});
       s.add({{2, 3}}, {Shape{4, 6}, Axes{3, 0}, Axes{-2, 2}});
       s.add({{2, 3}}, {Shape{2, 3}, Axes{0, 0}, Axes{1, 1}});
       s.add({{0, 3}}, {Shape{4, 3}, Axes{0, 0}, Axes{1, 1}});
       s.add({Shape{}}, {Shape{}, Axes{}, Axes{}});
       s.add({Sample::Input({50, 30}).with(Sample::Input::transposed)},
             {Shape{60, 300}, Axes{5, 29}, Axes{1, 3}});
     }});

void infer_pad(Inference& i) {
  const Array& x = i.in(0);
  if (i.count(0) != x.ndim() || i.count(1) != x.ndim())
    i.fail(fmt::format("needs {} numbers of elements before and after", x.ndim()));
  i.out().shape = x.shape();
  i.out().dtype = x.dtype();
  for (int k = 0; k < x.ndim(); ++k) {
    const int64_t before = i.integers(0)[k], after = i.integers(1)[k];
    if (before < 0 || after < 0)
      i.fail(fmt::format("{} elements before and {} after axis {}", before, after, k));
    i.out().shape[k] += before + after;
  }
  const double limit = std::ldexp(1, static_cast<int>(size_of(x.dtype())) * 8 - 1);
  if (is_integer(x.dtype()) && !(i.real(2) >= -limit && i.real(2) < limit))
    i.fail(fmt::format("{} is no {}", i.real(2), name(x.dtype())));
}

const BuiltinOp pad_op(
    {.name = "pad",
     .attributes = {"before", "after", "value"},
     .dtypes = {any_dtype},
     .infer = infer_pad,
     .differentiability = Differentiability::differentiable,
     .gradient_form = GradientForm::trivial,
     .gradient = {{.composition =
                       [](const Gradient& g) {
                         const Shape s = g.shape(0);
                         Array part = g.dy();
                         for (int k = 0; k < s.ndim(); ++k)
                           part = slice_op({part}, {k, s[k] ? g.integers(0)[k] : 0, s[k], 1});
                         return part;
                       }}},
     .samples = [](Samples& s) {
       s.add({{3}}, {Axes{1}, Axes{2}, 0.0});
       s.add({{2, 3}}, {Axes{0, 2}, Axes{1, 0}, -1.5});
       s.add({{2, 3}}, {Axes{0, 0}, Axes{0, 0}, 7.0});
       s.add({{2, 3, 4}}, {Axes{1, 0, 4}, Axes{0, 2, 4}, 1.0});
       s.add({{0, 3}}, {Axes{2, 0}, Axes{1, 1}, 2.0});
       s.add({Shape{}}, {Axes{}, Axes{}, 2.0});
       s.add({Sample::Input({7, 5}).with(Sample::Input::transposed)}, {Axes{1, 1}, Axes{1, 1}, 0.5});
       s.add({Sample::Input({4, 6}).with(Sample::Input::strided)}, {Axes{3, 0}, Axes{0, 1}, 0.0});
       s.add({{300, 1000}}, {Axes{10, 20}, Axes{30, 4}, 0.0});
       s.add({{300, 1000}}, {Axes{10, 1}, Axes{30, 2}, 3.0});
     }});

}  // namespace

Array slice(const Array& x, int64_t axis, int64_t start, int64_t stop, int64_t step) {
  const int64_t n = x.dim(static_cast<int>(axis));
  if (step == 0) throw ShapeError("slice: a step of 0");
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;  // what bounds are clamped to
  const auto clamped = [&](int64_t b) { return std::clamp(b < 0 ? b + n : b, low, high); };
  start = clamped(start);
  stop = clamped(stop);
  const int64_t count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
  return slice_op({x}, {axis, start, std::max<int64_t>(count, 0), step});
}

Array flip(const Array& x, int64_t axis) {
  const int64_t n = x.dim(static_cast<int>(axis));
  return slice_op({x}, {axis, std::max<int64_t>(n - 1, 0), n, -1});
}

Array select(const Array& x, int64_t axis, int64_t index) { return select_op({x}, {axis, index}); }

Array slice_backward(const Array& x, const Shape& shape, const Axes& start, const Axes& step) {
  return slice_backward_op({x}, {shape, start, step});
}

Array pad(const Array& x, const Axes& before, const Axes& after, double value) {
  return pad_op({x}, {before, after, value});
}

}  // namespace plugrad

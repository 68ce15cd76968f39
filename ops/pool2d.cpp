// The maximum, and the mean, of each window over two spatial axes.
#include "plugrad/ops/convolution.h"

namespace plugrad {

namespace {

// The windows that attributes kernel, stride and padding describe, along one of the two axes.
template <class Attributes>
Windows windows(const Attributes& a, int axis) {
  return {a.integers(0)[axis], a.integers(1)[axis], a.integers(2)[axis]};
}

void infer_pool2d(Inference& i) {
  const Array& x = i.in(0);
  if (x.ndim() != 4) i.fail("needs 4 axes");
  check_counts(i, 3, 2);
  Shape& out = i.out().shape;
  out = x.shape();
  for (int k = 0; k < 2; ++k) {
    const Windows w = windows(i, k);
    w.check(i);
    if (w.padding > w.kernel / 2)
      i.fail(fmt::format("needs padding of at most half the kernel, not {} for {}", w.padding, w.kernel));
    out[2 + k] = w.count(i, x.dims()[2 + k]);
  }
  i.out().dtype = x.dtype();
}

// ---- the maximum ----

struct Padded {
  Shape padded;  // of the input with its padding
  Axes start, unit{1, 1, 1, 1};
  explicit Padded(const Gradient& g) : padded(g.shape(0)), start{0, 0, g.integers(2)[0], g.integers(2)[1]} {
    for (int k = 0; k < 2; ++k) padded[2 + k] += 2 * g.integers(2)[k];
  }
  // x with padding that never wins.
  Array pad(const Array& x) const {
    const Array inside = slice_backward(full_like(x, 1), padded, start, unit);
    const Array lowest = scalar_like(x, -std::numeric_limits<double>::infinity());
    return where(greater(inside, 0), slice_backward(x, padded, start, unit), lowest);
  }
  Array crop(const Array& x, const Shape& to) const {
    return slice(slice(x, 2, start[2], start[2] + to[2]), 3, start[3], start[3] + to[3]);
  }
};

// dy goes to the first maximum of each window: one place of the window after the other, those that have it
// already taken out.
Array max_input_gradient(const Gradient& g) {
  const Padded image(g);
  const Array x = image.pad(g.in(0));
  const Array &y = g.out(), &dy = g.dy();
  const int64_t *kernel = g.integers(0), *stride = g.integers(1);
  const int64_t oh = y.dims()[2], ow = y.dims()[3];
  Array dx = full(image.padded, 0, g.dtype(), g.device());
  Array open = full_like(y, 1);
  for (int64_t a = 0; a < kernel[0]; ++a)
    for (int64_t b = 0; b < kernel[1]; ++b) {
      const Array place = slice(slice(x, 2, a, a + (oh - 1) * stride[0] + 1, stride[0]), 3, b,
                                b + (ow - 1) * stride[1] + 1, stride[1]);
      const Array hit = cast(equal(place, y), g.dtype()) * open;
      open = open - hit;
      dx = dx + slice_backward(dy * hit, image.padded, {0, 0, a, b}, {1, 1, stride[0], stride[1]});
    }
  return image.crop(dx, g.shape(0));
}

// ---- the mean ----

// How many elements each window is the mean of: padding may count. A number, or [oh, ow].
Array window_sizes(const Gradient& g) {
  const int64_t *kernel = g.integers(0), *stride = g.integers(1), *padding = g.integers(2);
  if (g.integer(3)) return full({}, static_cast<double>(kernel[0] * kernel[1]), g.dtype(), g.device());
  const Shape x = g.shape(0);
  return conv2d(full({1, 1, x[2], x[3]}, 1, g.dtype(), g.device()),
                full({1, 1, kernel[0], kernel[1]}, 1, g.dtype(), g.device()),
                {.stride = {stride[0], stride[1]}, .padding = {padding[0], padding[1]}});
}

// dy in equal parts to all of its window: a convolution with ones, transposed, channel by channel.
Array avg_input_gradient(const Gradient& g) {
  const Shape x = g.shape(0), y = g.dy().shape();
  const Array parts = reshape(g.dy() / window_sizes(g), {y[0] * y[1], 1, y[2], y[3]});
  Conv2dOptions options;
  for (int k = 0; k < 2; ++k) {
    options.stride[static_cast<size_t>(k)] = windows(g, k).stride;
    options.padding[static_cast<size_t>(k)] = windows(g, k).padding;
  }
  const Array ones = full({1, 1, windows(g, 0).kernel, windows(g, 1).kernel}, 1, g.dtype(), g.device());
  return reshape(convolution_input_gradient(parts, ones, x, options), x);
}

// ---- samples ----

template <class Add>
void for_each_sample(Add add) {
  using Input = Sample::Input;
  add(Input({1, 1, 4, 4}), {2, 2}, {2, 2}, {0, 0});
  add(Input({2, 3, 5, 7}), {2, 3}, {2, 3}, {0, 0});
  add(Input({2, 3, 5, 7}), {3, 3}, {1, 2}, {1, 1});
  add(Input({2, 3, 6, 6}), {3, 2}, {2, 1}, {1, 0});
  add(Input({1, 2, 3, 4}), {2, 4}, {3, 1}, {1, 2});
  add(Input({1, 1, 1, 5}), {1, 1}, {1, 2}, {0, 0});
  add(Input({0, 3, 4, 4}), {2, 2}, {2, 2}, {0, 0});
  add(Input({2, 4, 8, 8}), {2, 2}, {2, 2}, {0, 0});
  add(Input({2, 3, 4, 6}).with(Input::transposed), {2, 2}, {2, 2}, {0, 0});
  add(Input({4, 16, 40, 40}), {3, 3}, {2, 2}, {1, 1});
}

using Numbers = const Axes&;

void max_samples(Samples& s) {
  for_each_sample([&](Sample::Input x, Numbers kernel, Numbers stride, Numbers padding) {
    s.add({std::move(x).apart()}, {kernel, stride, padding});
  });
}

void avg_samples(Samples& s) {
  for_each_sample([&](const Sample::Input& x, Numbers kernel, Numbers stride, Numbers padding) {
    s.add({x}, {kernel, stride, padding, true});
    s.add({x}, {kernel, stride, padding, false});
  });
}

// Ties: the first in row-major order.
const BuiltinOp max_pool2d_op({.name = "max_pool2d",
                               .attributes = {"kernel", "stride", "padding"},
                               .dtypes = {floating},
                               .infer = infer_pool2d,
                               .differentiability = Differentiability::differentiable,
                               .gradient = {{.needs = input(0) | output(),
                                             .composition = max_input_gradient}},
                               .samples = max_samples});

const BuiltinOp avg_pool2d_op({.name = "avg_pool2d",
                               .attributes = {"kernel", "stride", "padding", "count_include_pad"},
                               .dtypes = {floating},
                               .infer = infer_pool2d,
                               .differentiability = Differentiability::differentiable,
                               .gradient = {{.composition = avg_input_gradient}},
                               .samples = avg_samples});

// The stride that is meant: the kernel's size where it is 0.
std::array<int64_t, 2> stride_of(const std::array<int64_t, 2>& kernel, const Pool2dOptions& o) {
  return {o.stride[0] ? o.stride[0] : kernel[0], o.stride[1] ? o.stride[1] : kernel[1]};
}

}  // namespace

Array max_pool2d(const Array& x, std::array<int64_t, 2> kernel, const Pool2dOptions& o) {
  const auto stride = stride_of(kernel, o);
  return max_pool2d_op({x}, {Value(kernel.data(), 2), Value(stride.data(), 2), Value(o.padding.data(), 2)});
}

Array avg_pool2d(const Array& x, std::array<int64_t, 2> kernel, const Pool2dOptions& o,
                 bool count_include_pad) {
  const auto stride = stride_of(kernel, o);
  return avg_pool2d_op(
      {x}, {Value(kernel.data(), 2), Value(stride.data(), 2), Value(o.padding.data(), 2), count_include_pad});
}

}  // namespace plugrad

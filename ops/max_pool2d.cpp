// The maximum of each window over two spatial axes.
#include <fmt/format.h>

#include <limits>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_max_pool2d(Inference& i) {
  const Array& x = i.in(0);
  if (x.ndim() != 4) i.fail("needs four axes");
  Shape& out = i.out().shape;
  out = x.shape();
  i.out().dtype = x.dtype();
  for (int a = 0; a < 3; ++a)
    if (i.count(a) != 2) i.fail("needs kernel, stride and padding for two axes");
  for (int k = 0; k < 2; ++k) {
    const int64_t kernel = i.integers(0)[k], stride = i.integers(1)[k], padding = i.integers(2)[k];
    if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2)
      i.fail(fmt::format("cannot have kernel {}, stride {}, padding {} (at most half the kernel)", kernel,
                         stride, padding));
    const int64_t room = x.dims()[2 + k] + 2 * padding - kernel;
    if (room < 0) i.fail("the window is larger than the padded input");
    out[2 + k] = room / stride + 1;
  }
}

struct Windows {
  Shape padded;  // of the input with its padding
  Axes start, unit{1, 1, 1, 1};
  explicit Windows(const Gradient& g) : padded(g.shape(0)), start{0, 0, g.integers(2)[0], g.integers(2)[1]} {
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
Array input_gradient(const Gradient& g) {
  const Windows windows(g);
  const Array x = windows.pad(g.in(0));
  const Array &y = g.out(), &dy = g.dy();
  const int64_t *kernel = g.integers(0), *stride = g.integers(1);
  const int64_t oh = y.dims()[2], ow = y.dims()[3];
  Array dx = full(windows.padded, 0, g.dtype(), g.device());
  Array open = full_like(y, 1);
  for (int64_t a = 0; a < kernel[0]; ++a)
    for (int64_t b = 0; b < kernel[1]; ++b) {
      const Array place = slice(slice(x, 2, a, a + (oh - 1) * stride[0] + 1, stride[0]), 3, b,
                                b + (ow - 1) * stride[1] + 1, stride[1]);
      const Array hit = cast(equal(place, y), g.dtype()) * open;
      open = open - hit;
      dx = dx + slice_backward(dy * hit, windows.padded, {0, 0, a, b}, {1, 1, stride[0], stride[1]});
    }
  return windows.crop(dx, g.shape(0));
}

void samples(Samples& s) {
  using Input = Sample::Input;
  const auto add = [&](Input x, Axes kernel, Axes stride, Axes padding) {
    s.add({std::move(x).apart()}, {kernel, stride, padding});
  };
  add(Input({1, 1, 4, 4}), {2, 2}, {2, 2}, {0, 0});
  add(Input({2, 3, 5, 7}), {2, 3}, {2, 3}, {0, 0});
  add(Input({2, 3, 5, 7}), {3, 3}, {1, 2}, {1, 1});
  add(Input({2, 3, 6, 6}), {3, 2}, {2, 1}, {1, 0});
  add(Input({0, 3, 4, 4}), {2, 2}, {2, 2}, {0, 0});
  add(Input({2, 4, 8, 8}), {2, 2}, {2, 2}, {0, 0});
  add(Input({2, 3, 4, 6}).with(Input::transposed), {2, 2}, {2, 2}, {0, 0});
}

// Ties: the first in row-major order.
const BuiltinOp max_pool2d_op({.name = "max_pool2d",
                               .attributes = {"kernel", "stride", "padding"},
                               .dtypes = {floating},
                               .infer = infer_max_pool2d,
                               .differentiability = Differentiability::differentiable,
                               .gradient = {{.needs = input(0) | output(), .composition = input_gradient}},
                               .samples = samples});

}  // namespace

Array max_pool2d(const Array& x, std::array<int64_t, 2> kernel, const Pool2dOptions& o) {
  std::array<int64_t, 2> stride = o.stride;
  for (size_t k = 0; k < 2; ++k)
    if (stride[k] == 0) stride[k] = kernel[k];
  return max_pool2d_op({x}, {Value(kernel.data(), 2), Value(stride.data(), 2), Value(o.padding.data(), 2)});
}

}  // namespace plugrad

// Convolution over two spatial axes (cross-correlation, as the field has it).
//
//   y[n, o, i, j] = sum over c, a, b of x[n, c, i * stride + a * dilation - padding, ...] * w[o, c, a, b]
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_conv2d(Inference& i) {
  const Array &x = i.in(0), &w = i.in(1);
  if (x.ndim() != 4 || w.ndim() != 4) i.fail("needs four axes each");
  if (x.dims()[1] != w.dims()[1]) i.fail("needs as many channels in the filters as in the input");
  Shape& out = i.out().shape;
  out = {x.dims()[0], w.dims()[0], 0, 0};
  i.out().dtype = x.dtype();
  for (int a = 0; a < 3; ++a)
    if (i.count(a) != 2) i.fail("needs stride, padding and dilation for two axes");
  for (int k = 0; k < 2; ++k) {
    const int64_t stride = i.integers(0)[k], padding = i.integers(1)[k], dilation = i.integers(2)[k];
    if (stride < 1 || padding < 0 || dilation < 1 || w.dims()[2 + k] < 1)
      i.fail(fmt::format("cannot have stride {}, padding {}, dilation {}", stride, padding, dilation));
    const int64_t room = x.dims()[2 + k] + 2 * padding - dilation * (w.dims()[2 + k] - 1) - 1;
    if (room < 0) i.fail("the filters are larger than the padded input");
    out[2 + k] = room / stride + 1;
  }
}

// The two spatial numbers of attribute i.
std::array<int64_t, 2> pair(const Gradient& g, int i) { return {g.integers(i)[0], g.integers(i)[1]}; }

// dx: dy, spread out by the stride among zeros, convolved with the filters turned round.
Array input_gradient(const Gradient& g) {
  const auto stride = pair(g, 0), padding = pair(g, 1), dilation = pair(g, 2);
  const Shape x = g.shape(0);
  const Array& w = g.in(1);
  Shape spread{x[0], w.dims()[0], 0, 0};
  Axes start{0, 0}, step{1, 1};
  std::array<int64_t, 2> length{}, crop{};
  for (size_t k = 0; k < 2; ++k) {
    const int64_t reach = dilation[k] * (w.dims()[2 + k] - 1);
    length[k] = x[2 + static_cast<int>(k)] + reach;
    crop[k] = std::max<int64_t>(padding[k] - reach, 0);
    spread[2 + static_cast<int>(k)] = length[k] + 2 * crop[k];
    start.push_back(std::max<int64_t>(reach - padding[k], 0));
    step.push_back(stride[k]);
  }
  Array z = slice_backward(g.dy(), spread, start, step);
  for (size_t k = 0; k < 2; ++k)
    if (crop[k]) z = slice(z, 2 + static_cast<int>(k), crop[k], crop[k] + length[k]);
  const Array turned = flip(flip(permute(w, {1, 0, 2, 3}), 2), 3);
  return conv2d(z, turned, {.dilation = dilation});
}

// dw: x convolved with dy, batch and channels exchanged, stride and dilation too.
Array weight_gradient(const Gradient& g) {
  const Shape w = g.shape(1);
  Array dw = conv2d(permute(g.in(0), {1, 0, 2, 3}), permute(g.dy(), {1, 0, 2, 3}),
                    {.stride = pair(g, 2), .padding = pair(g, 1), .dilation = pair(g, 0)});
  dw = slice(slice(dw, 2, 0, w[2]), 3, 0, w[3]);
  return permute(dw, {1, 0, 2, 3});
}

void samples(Samples& s) {
  using Input = Sample::Input;
  struct Case {
    Shape x, w;
    Axes stride = {1, 1}, padding = {0, 0}, dilation = {1, 1};
  };
  const Case cases[] = {{{1, 1, 3, 3}, {1, 1, 2, 2}},
                        {{2, 3, 5, 6}, {4, 3, 3, 2}},
                        {{2, 3, 7, 6}, {4, 3, 3, 2}, {2, 1}},
                        {{2, 3, 5, 6}, {4, 3, 3, 2}, {1, 2}, {1, 2}},
                        {{2, 2, 9, 8}, {3, 2, 3, 3}, {2, 2}, {1, 1}, {2, 2}},
                        {{1, 2, 4, 4}, {2, 2, 1, 1}, {1, 1}, {1, 1}},
                        {{1, 2, 8, 8}, {2, 2, 3, 3}, {3, 3}},
                        {{0, 2, 4, 4}, {3, 2, 3, 3}},
                        {{3, 1, 12, 12}, {20, 1, 5, 5}},
                        {{2, 20, 8, 8}, {50, 20, 5, 5}}};
  for (const Case& c : cases) s.add({Input(c.x), Input(c.w)}, {c.stride, c.padding, c.dilation});
  s.add({Input({2, 3, 5, 6}).with(Input::transposed), Input({4, 3, 3, 2}).with(Input::strided)},
        {Axes{1, 1}, Axes{1, 1}, Axes{1, 1}});
}

const BuiltinOp conv2d_op({.name = "conv2d",
                           .n_in = 2,
                           .attributes = {"stride", "padding", "dilation"},
                           .dtype_rule = DTypeRule::promote,
                           .dtypes = {floating},
                           .infer = infer_conv2d,
                           .differentiability = Differentiability::differentiable,
                           .gradient = {{.needs = input(1), .composition = input_gradient},
                                        {.needs = input(0), .composition = weight_gradient}},
                           .samples = samples});

}  // namespace

Array conv2d(const Array& x, const Array& weight, const Conv2dOptions& o) {
  return conv2d_op({x, weight},
                   {Value(o.stride.data(), 2), Value(o.padding.data(), 2), Value(o.dilation.data(), 2)});
}

}  // namespace plugrad

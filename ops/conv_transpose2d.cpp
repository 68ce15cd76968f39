// The transpose of convolution over two spatial axes: each element of x spreads a filter over y.
//
//   y[n, first + o, i * stride + a * dilation - padding, ...] += x[n, c, i, j] * w[c, o, a, b]
//
// where y ends, and `first` is the first channel of y in the group that channel c belongs to.
#include "plugrad/ops/convolution.h"
#include "plugrad/ops/flops.h"

namespace plugrad {

namespace {

void infer_conv_transpose2d(Inference& i) {
  const Array &x = i.in(0), &w = i.in(1);
  if (x.ndim() != 4 || w.ndim() != 4) i.fail("needs 4 axes each");
  check_counts(i, 4, 2);
  const int64_t groups = i.integer(4), channels = x.dims()[1];
  check_groups(i, groups, channels, w.dims()[0]);
  if (w.dims()[0] != channels)
    i.fail(fmt::format("needs filters for {} channels, not {}", channels, w.dims()[0]));
  Shape& y = i.out().shape;
  y = {x.dims()[0], w.dims()[1] * groups, 0, 0};
  for (int k = 0; k < 2; ++k) {
    const Windows windows{w.dims()[2 + k], i.integers(0)[k], i.integers(1)[k], i.integers(3)[k]};
    windows.check(i);
    const int64_t extra = i.integers(2)[k], length = x.dims()[2 + k];
    if (extra < 0 || (extra >= windows.stride && extra >= windows.dilation))
      i.fail(fmt::format("needs output_padding less than stride or dilation, not {} for {} and {}", extra,
                         windows.stride, windows.dilation));
    if (length < 1) i.fail("needs images with at least one element along each axis");
    y[2 + k] = windows.reach(length) + extra;
    if (y[2 + k] < 1) i.fail(fmt::format("the output would have length {} along axis {}", y[2 + k], 2 + k));
  }
  i.out().dtype = x.dtype();
}

Conv2dOptions options(const Gradient& g) { return conv2d_options(g, 0, 1, 3, 4); }

// Output padding no less than the stride makes room for windows that x has no element for.
Array input_gradient(const Gradient& g) {
  Array dx = conv2d(g.dy(), g.in(1), options(g));
  for (int k = 2; k < 4; ++k)
    if (dx.dims()[k] != g.shape(0)[k]) dx = slice(dx, k, 0, g.shape(0)[k]);
  return dx;
}

Array weight_gradient(const Gradient& g) {
  return convolution_weight_gradient(g.dy(), g.in(0), g.shape(1), options(g));
}

void samples(Samples& s) {
  struct Case {
    Shape x, w;
    Axes stride = {1, 1}, padding = {0, 0}, output_padding = {0, 0}, dilation = {1, 1};
    int64_t groups = 1;
  };
  const Case cases[] = {{{1, 1, 2, 2}, {1, 1, 2, 2}},
                        {{2, 3, 3, 4}, {3, 4, 3, 2}},
                        {{2, 3, 3, 4}, {3, 2, 3, 3}, {2, 3}, {1, 2}, {1, 2}},
                        {{2, 2, 4, 3}, {2, 3, 2, 3}, {1, 2}, {1, 0}, {0, 1}, {2, 1}},
                        {{1, 2, 2, 2}, {2, 2, 2, 3}, {2, 1}, {1, 1}, {1, 0}, {2, 1}, 2},
                        {{1, 1, 2, 2}, {1, 1, 2, 2}, {1, 1}, {0, 0}, {2, 1}, {3, 2}},  // beyond the stride
                        {{2, 3, 4, 4}, {3, 5, 1, 1}},
                        {{1, 2, 3, 3}, {2, 2, 1, 1}, {3, 2}, {0, 0}, {2, 0}},  // gaps
                        {{1, 1, 1, 1}, {1, 1, 3, 3}, {1, 1}, {1, 1}},
                        {{0, 2, 3, 3}, {2, 3, 2, 2}},
                        {{2, 0, 3, 3}, {0, 3, 2, 2}},
                        {{2, 4, 3, 2}, {4, 3, 2, 3}, {2, 1}, {1, 1}, {0, 0}, {1, 2}, 2},
                        {{2, 3, 3, 3}, {3, 1, 3, 2}, {2, 2}, {0, 0}, {1, 0}, {1, 1}, 3},
                        {{2, 50, 8, 8}, {50, 20, 5, 5}},
                        {{2, 32, 8, 8}, {32, 16, 4, 4}, {2, 2}, {1, 1}},
                        {{2, 16, 10, 9}, {16, 32, 3, 3}, {2, 2}, {1, 1}, {1, 0}},
                        {{4, 32, 20, 20}, {32, 1, 3, 3}, {1, 1}, {1, 1}, {0, 0}, {1, 1}, 32}};
  for (const Case& c : cases)
    s.add({Sample::Input(c.x), Sample::Input(c.w)},
          {c.stride, c.padding, c.output_padding, c.dilation, c.groups});
  using Input = Sample::Input;
  s.add({Input({2, 3, 4, 3}).with(Input::transposed), Input({3, 2, 3, 2}).with(Input::strided)},
        {Axes{1, 1}, Axes{1, 1}, Axes{0, 0}, Axes{1, 1}, 1});
}

const BuiltinOp conv_transpose2d_op(
    {.name = "conv_transpose2d",
     .n_in = 2,
     .attributes = {"stride", "padding", "output_padding", "dilation", "groups"},
     .dtype_rule = DTypeRule::promote,
     .dtypes = {floating},
     .infer = infer_conv_transpose2d,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(1), .composition = input_gradient},
                  {.needs = input(0), .composition = weight_gradient}},
     .flops =
         [](const plugrad_call& c) {
           return product_flops(
               c, static_cast<double>(plugin::size(operand(c, 0))) * filter_size(operand(c, 1)));
         },
     .samples = samples});

}  // namespace

Array conv_transpose2d(const Array& x, const Array& weight, const ConvTranspose2dOptions& o) {
  return conv_transpose2d_op(
      {x, weight}, {Value(o.stride.data(), 2), Value(o.padding.data(), 2), Value(o.output_padding.data(), 2),
                    Value(o.dilation.data(), 2), o.groups});
}

}  // namespace plugrad

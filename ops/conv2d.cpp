// Convolution (cross-correlation, as the field has it) over two spatial axes, and over one.
//
//   y[n, o, i, j] = sum over c, a, b of
//     x[n, first + c, i * stride + a * dilation - padding, ...] * w[o, c, a, b]
//
// where x is 0 outside, and `first` is the first channel of the group that filter o belongs to.
#include "plugrad/ops/convolution.h"
#include "plugrad/ops/flops.h"

namespace plugrad {

namespace {

// Over as many axes as there are behind batch and channels.
template <int axes>
void infer_convolution(Inference& i) {
  const Array &x = i.in(0), &w = i.in(1);
  if (x.ndim() != 2 + axes || w.ndim() != 2 + axes) i.fail(fmt::format("needs {} axes each", 2 + axes));
  check_counts(i, 3, axes);
  const int64_t groups = i.integer(3), channels = x.dims()[1];
  check_groups(i, groups, channels, w.dims()[0]);
  if (w.dims()[1] != channels / groups)
    i.fail(fmt::format("needs filters of {} channels, not {}", channels / groups, w.dims()[1]));
  Shape& y = i.out().shape;
  y = x.shape();
  y[1] = w.dims()[0];
  for (int k = 0; k < axes; ++k)
    y[2 + k] = Windows{w.dims()[2 + k], i.integers(0)[k], i.integers(1)[k], i.integers(2)[k]}.count(
        i, x.dims()[2 + k]);
  i.out().dtype = x.dtype();
}

Conv2dOptions options(const Gradient& g) { return conv2d_options(g, 0, 1, 2, 3); }

// ---- one axis: images of height 1 ----

Array with_height(const Array& x) { return reshape(x, {x.dims()[0], x.dims()[1], 1, x.dims()[2]}); }
Array without_height(const Array& x) { return reshape(x, {x.dims()[0], x.dims()[1], x.dims()[3]}); }
Shape with_height(const Shape& s) { return {s[0], s[1], 1, s[2]}; }

void conv1d_composition(const Composition& c) {
  const auto last = [&](int i) { return *c.attribute(i).as.ints; };
  c.out() = without_height(conv2d(
      with_height(c.in(0)), with_height(c.in(1)),
      {.stride = {1, last(0)}, .padding = {0, last(1)}, .dilation = {1, last(2)}, .groups = c.integer(3)}));
}

// ---- samples ----

struct Case {
  Shape x, w;
  Axes stride = {1, 1}, padding = {0, 0}, dilation = {1, 1};
  int64_t groups = 1;
};

void add(Samples& s, const Case& c) {
  s.add({Sample::Input(c.x), Sample::Input(c.w)}, {c.stride, c.padding, c.dilation, c.groups});
}

void conv2d_samples(Samples& s) {
  const Case cases[] = {{{1, 1, 3, 3}, {1, 1, 2, 2}},
                        {{2, 3, 5, 6}, {4, 3, 3, 2}},
                        {{2, 3, 7, 6}, {4, 3, 3, 2}, {2, 1}},
                        {{2, 3, 5, 6}, {4, 3, 3, 2}, {1, 2}, {1, 2}},
                        {{2, 2, 9, 8}, {3, 2, 3, 3}, {2, 2}, {1, 1}, {2, 2}},
                        {{1, 1, 4, 3}, {2, 1, 3, 2}, {2, 1}, {1, 2}, {1, 2}},
                        {{1, 2, 4, 4}, {2, 2, 1, 1}, {1, 1}, {1, 1}},
                        {{2, 5, 4, 3}, {3, 5, 1, 1}},
                        {{1, 2, 8, 8}, {2, 2, 3, 3}, {3, 3}},
                        {{0, 2, 4, 4}, {3, 2, 3, 3}},
                        {{2, 0, 6, 6}, {3, 0, 3, 3}},
                        {{2, 3, 4, 4}, {0, 3, 3, 3}},
                        {{3, 1, 12, 12}, {20, 1, 5, 5}},
                        // groups, one channel each with one filter and with two
                        {{1, 2, 3, 3}, {2, 1, 2, 2}, {1, 1}, {0, 0}, {1, 1}, 2},
                        {{2, 4, 5, 4}, {6, 2, 3, 2}, {2, 1}, {1, 1}, {1, 2}, 2},
                        {{2, 3, 6, 5}, {3, 1, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 3},
                        {{2, 3, 7, 5}, {6, 1, 3, 2}, {3, 2}, {2, 1}, {2, 1}, 3},
                        {{0, 4, 4, 4}, {2, 2, 3, 3}, {1, 1}, {0, 0}, {1, 1}, 2},
                        // work for whole blocks of channels, and for parts of them
                        {{2, 20, 12, 12}, {50, 20, 5, 5}},
                        {{2, 16, 11, 10}, {32, 16, 3, 3}, {1, 1}, {1, 1}},
                        {{3, 32, 9, 9}, {16, 32, 3, 3}, {2, 2}, {1, 1}},
                        {{2, 16, 12, 12}, {16, 16, 3, 3}, {1, 1}, {2, 2}, {2, 2}},
                        {{4, 32, 20, 20}, {32, 1, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 32},
                        {{3, 24, 15, 14}, {36, 4, 3, 3}, {1, 2}, {1, 1}, {1, 1}, 6}};
  for (const Case& c : cases) add(s, c);
  using Input = Sample::Input;
  s.add({Input({2, 3, 5, 6}).with(Input::transposed), Input({4, 3, 3, 2}).with(Input::strided)},
        {Axes{1, 1}, Axes{1, 1}, Axes{1, 1}, 1});
}

void conv1d_samples(Samples& s) {
  const Case cases[] = {{{1, 1, 3}, {1, 1, 2}, 1, 0, 1},     {{1, 2, 6}, {4, 1, 3}, 2, 1, 2, 2},
                        {{2, 3, 7}, {4, 3, 3}, 2, 1, 1},     {{2, 4, 9}, {6, 2, 3}, 1, 2, 2, 2},
                        {{2, 3, 8}, {3, 1, 4}, 3, 0, 1, 3},  {{0, 2, 4}, {3, 2, 3}, 1, 0, 1},
                        {{2, 16, 120}, {32, 16, 9}, 1, 4, 1}};
  for (const Case& c : cases) add(s, c);
  using Input = Sample::Input;
  s.add({Input({2, 3, 6}).with(Input::transposed), Input({4, 3, 2}).with(Input::strided)},
        {Axes{1}, Axes{1}, Axes{1}, 1});
}

constexpr OpSchema convolution{.n_in = 2,
                               .attributes = {"stride", "padding", "dilation", "groups"},
                               .dtype_rule = DTypeRule::promote,
                               .dtypes = {floating},
                               .differentiability = Differentiability::differentiable};

double convolution_flops(const plugrad_call& c) {
  return product_flops(c, static_cast<double>(plugin::size(result(c))) * filter_size(operand(c, 1)));
}

const BuiltinOp conv2d_op([] {
  OpSchema s = convolution;
  s.name = "conv2d";
  s.infer = infer_convolution<2>;
  s.gradient[0] = {.needs = input(1), .composition = [](const Gradient& g) {
                     return convolution_input_gradient(g.dy(), g.in(1), g.shape(0), options(g));
                   }};
  s.gradient[1] = {.needs = input(0), .composition = [](const Gradient& g) {
                     return convolution_weight_gradient(g.in(0), g.dy(), g.shape(1), options(g));
                   }};
  s.samples = conv2d_samples;
  s.flops = convolution_flops;
  return s;
}());

const BuiltinOp conv1d_op([] {
  OpSchema s = convolution;
  s.name = "conv1d";
  s.kind = OpKind::composite;
  s.infer = infer_convolution<1>;
  s.gradient[0] = {.needs = input(1), .composition = [](const Gradient& g) {
                     return without_height(convolution_input_gradient(
                         with_height(g.dy()), with_height(g.in(1)), with_height(g.shape(0)), options(g)));
                   }};
  s.gradient[1] = {.needs = input(0), .composition = [](const Gradient& g) {
                     return without_height(convolution_weight_gradient(
                         with_height(g.in(0)), with_height(g.dy()), with_height(g.shape(1)), options(g)));
                   }};
  s.composition = conv1d_composition;
  s.samples = conv1d_samples;
  s.flops = convolution_flops;
  return s;
}());

}  // namespace

Array conv2d(const Array& x, const Array& weight, const Conv2dOptions& o) {
  return conv2d_op({x, weight}, {Value(o.stride.data(), 2), Value(o.padding.data(), 2),
                                 Value(o.dilation.data(), 2), o.groups});
}

Array conv1d(const Array& x, const Array& weight, const Conv1dOptions& o) {
  return conv1d_op({x, weight}, {Value(&o.stride, 1), Value(&o.padding, 1), Value(&o.dilation, 1), o.groups});
}

}  // namespace plugrad

// Normalisation of each sample by itself: over its trailing axes, or over groups of its channels.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// x over its standard deviation along some axes, from their mean or (`centred` false) from 0.
struct Normalized {
  Array y, inverse;  // inverse: 1 / sqrt(var + eps)
  Axes axes;
  bool centred;

  Normalized(const Array& x, const Axes& a, double eps, bool c) : axes(a), centred(c) {
    const Array deviation = centred ? x - mean(x, axes, true) : x;
    inverse = 1 / sqrt(mean(square(deviation), axes, true) + eps);
    y = deviation * inverse;
  }
  // The gradient in x, given that in y.
  Array gradient(const Array& dy) const {
    const Array rest = dy - y * mean(dy * y, axes, true);
    return inverse * (centred ? rest - mean(dy, axes, true) : rest);
  }
};

// ---- over the trailing axes: layer_norm, rms_norm ----

void infer_trailing(Inference& i) {
  const Array &x = i.in(0), &weight = i.in(1);
  const int lead = x.ndim() - weight.ndim();
  bool fits = weight.ndim() > 0 && lead >= 0;
  for (int k = 0; fits && k < weight.ndim(); ++k) fits = weight.dims()[k] == x.dims()[lead + k];
  if (!fits) i.fail("needs a weight of the shape of the first operand's trailing axes, at least one");
  if (i.n_in() > 2 && !(i.in(2).shape() == weight.shape())) i.fail("needs a bias of the weight's shape");
  infer_same(i);
}

Axes trailing(int n) {
  Axes axes;
  for (int k = -n; k < 0; ++k) axes.push_back(k);
  return axes;
}

// Attribute 0: eps.
template <bool centred>
Normalized normalized(const Gradient& g, int weight_ndim) {
  return Normalized(g.in(0), trailing(weight_ndim), g.real(0), centred);
}
template <bool centred>
Array trailing_gradient_x(const Gradient& g) {
  return normalized<centred>(g, g.in(1).ndim()).gradient(g.dy() * g.in(1));
}
template <bool centred>
Array trailing_gradient_weight(const Gradient& g) {
  const Shape shape = g.shape(1);
  return sum_to(g.dy() * normalized<centred>(g, shape.ndim()).y, shape);
}

void trailing_samples(Samples& s, bool with_bias) {
  using Input = Sample::Input;
  const auto add = [&](Input x, const Shape& weight, double eps, Input::Layout layout = Input::compact) {
    std::vector<Input> in = {std::move(x), Input(weight, 0.5, 2).with(layout)};
    if (with_bias) in.push_back(Input(weight).with(layout));
    s.add(std::move(in), {eps});
  };
  const auto of = [](const Shape& shape) { return Input(shape, -2, 2); };
  add(of({3, 5}), {5}, 1e-5);
  add(of({4}), {4}, 1e-3);
  add(of({2, 3, 4}), {4}, 1e-5);
  add(of({2, 3, 4}), {3, 4}, 1e-5);
  add(of({2, 3}), {2, 3}, 0.1);
  add(of({3, 1}), {1}, 1e-2);
  add(of({2, 1, 7}), {1, 7}, 1e-5);
  add(of({0, 3}), {3}, 1e-5);
  add(of({3, 0}), {0}, 1e-5);
  add(of({5, 37}), {37}, 1e-5);
  add(of({16, 64}), {64}, 1e-5);
  add(of({2, 1500}), {1500}, 1e-5);
  add(of({6, 10}).with(Input::transposed), {10}, 1e-5);
  add(of({6, 8}).with(Input::strided), {8}, 1e-5, Input::strided);
  add(of({300, 1000}), {1000}, 1e-5);
}

const BuiltinOp layer_norm_op(
    {.name = "layer_norm",
     .n_in = 3,
     .attributes = {"eps"},
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote_floating,
     .dtypes = {floating},
     .infer = infer_trailing,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(0) | input(1), .composition = trailing_gradient_x<true>},
                  {.needs = input(0), .composition = trailing_gradient_weight<true>},
                  {.composition = [](const Gradient& g) { return sum_to(g.dy(), g.shape(2)); }}},
     .composition =
         [](const Composition& c) {
           const Normalized n(c.in(0), trailing(c.in(1).ndim()), c.real(0), true);
           c.out() = n.y * c.in(1) + c.in(2);
         },
     .samples = [](Samples& s) { trailing_samples(s, true); }});

const BuiltinOp rms_norm_op(
    {.name = "rms_norm",
     .n_in = 2,
     .attributes = {"eps"},
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote_floating,
     .dtypes = {floating},
     .infer = infer_trailing,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(0) | input(1), .composition = trailing_gradient_x<false>},
                  {.needs = input(0), .composition = trailing_gradient_weight<false>}},
     .composition =
         [](const Composition& c) {
           const Normalized n(c.in(0), trailing(c.in(1).ndim()), c.real(0), false);
           c.out() = n.y * c.in(1);
         },
     .samples = [](Samples& s) { trailing_samples(s, false); }});

// ---- over groups of channels: group_norm; attributes: groups, eps ----

void infer_groups(Inference& i) {
  const Array& x = i.in(0);
  const int64_t groups = i.integer(0);
  if (x.ndim() < 2) i.fail("needs at least two axes, the second being the channels");
  const int64_t channels = x.dims()[1];
  if (groups < 1 || channels % groups != 0)
    i.fail(fmt::format("{} channels are not divided by {} groups", channels, groups));
  for (int k = 1; k < 3; ++k)
    if (!(i.in(k).shape() == Shape{channels})) i.fail("needs weight and bias of one number for each channel");
  infer_same(i);
}

// x with the elements of each group in a row: [n, groups, ...].
Array in_groups(const Array& x, int64_t groups) {
  const int64_t n = x.dims()[0];
  return reshape(x, Shape{n, groups, groups * n == 0 ? 0 : x.size() / (groups * n)});
}
Normalized normalized_groups(const Array& x, int64_t groups, double eps) {
  return Normalized(in_groups(x, groups), -1, eps, true);
}

// One number for each channel, in an array of `ndim` axes.
Array along_channels(const Array& v, int ndim) {
  Shape shape{v.size()};
  while (shape.ndim() < ndim - 1) shape.push_back(1);
  return reshape(v, shape);
}
Array sum_over_channels(const Array& x) {
  Axes axes = 0;
  for (int k = 2; k < x.ndim(); ++k) axes.push_back(k);
  return sum(x, axes);
}

const BuiltinOp group_norm_op(
    {.name = "group_norm",
     .n_in = 3,
     .attributes = {"groups", "eps"},
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote_floating,
     .dtypes = {floating},
     .infer = infer_groups,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(0) | input(1),
                   .composition =
                       [](const Gradient& g) {
                         const Array& x = g.in(0);
                         const Array dy = g.dy() * along_channels(g.in(1), x.ndim());
                         const Normalized n = normalized_groups(x, g.integer(0), g.real(1));
                         return reshape(n.gradient(in_groups(dy, g.integer(0))), x.shape());
                       }},
                  {.needs = input(0),
                   .composition =
                       [](const Gradient& g) {
                         const Normalized n = normalized_groups(g.in(0), g.integer(0), g.real(1));
                         return sum_over_channels(g.dy() * reshape(n.y, g.in(0).shape()));
                       }},
                  {.composition = [](const Gradient& g) { return sum_over_channels(g.dy()); }}},
     .composition =
         [](const Composition& c) {
           const Array& x = c.in(0);
           const Array y = reshape(normalized_groups(x, c.integer(0), c.real(1)).y, x.shape());
           c.out() = y * along_channels(c.in(1), x.ndim()) + along_channels(c.in(2), x.ndim());
         },
     .samples =
         [](Samples& s) {
           using Input = Sample::Input;
           const auto add = [&](Input x, int64_t groups, double eps) {
             const int64_t channels = x.shape[1];
             s.add({std::move(x), Input({channels}, 0.5, 2), Input({channels})}, {groups, eps});
           };
           const auto of = [](const Shape& shape) { return Input(shape, -2, 2); };
           add(of({2, 4}), 1, 1e-3);
           add(of({2, 6}), 2, 1e-2);
           add(of({2, 4, 3}), 2, 1e-5);
           add(of({2, 2, 2, 2}), 2, 1e-3);
           add(of({1, 1, 3}), 1, 1e-3);
           add(of({2, 3, 1}), 3, 1e-2);
           add(of({0, 4, 3}), 2, 1e-5);
           add(of({2, 4, 0}), 2, 1e-5);
           add(of({3, 6, 5, 4}), 3, 1e-5);
           add(of({2, 32, 4, 4}), 4, 1e-5);
           add(of({5, 34}), 2, 1e-5);
           add(of({1, 4, 700}), 2, 1e-5);
           add(of({3, 4, 6}).with(Input::transposed), 2, 1e-5);
           add(of({3, 4, 6}).with(Input::strided), 4, 1e-5);
           add(of({20, 24, 25, 25}), 8, 1e-5);
         }});

}  // namespace

Array layer_norm(const Array& x, const Array& weight, const Array& bias, double eps) {
  return layer_norm_op({x, weight, bias}, {eps});
}
Array rms_norm(const Array& x, const Array& weight, double eps) { return rms_norm_op({x, weight}, {eps}); }
Array group_norm(const Array& x, int64_t groups, const Array& weight, const Array& bias, double eps) {
  return group_norm_op({x, weight, bias}, {groups, eps});
}

}  // namespace plugrad

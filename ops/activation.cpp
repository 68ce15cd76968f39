// Activation functions: those that bend or squash x. Those that multiply it by a gate have a file of their
// own, gated_activation.cpp.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// ---- helpers of the compositions ----

// x where it is not above 0, else 0.
Array not_above_0(const Array& x) { return where(less_equal(x, 0), x, scalar_like(x, 0)); }

// log(1 + e^-|x|).
Array log_1_plus_exp(const Array& x) { return log1p(exp(-abs(x))); }

// ---- rectifiers ----

void rectifier_samples(Samples& s, std::initializer_list<Value> attr) {
  unary_samples(s, {0.01, 1}, attr);
  unary_samples(s, {-3, -0.01}, attr);
  s.add({Sample::Input({3, 40}).apart()}, attr);
  s.add({Sample::Input({40}, -100, 100).apart()}, attr);
}

// The gradient at 0 is 0.
const BuiltinOp relu_op([] {
  OpSchema s = differentiable(
      unary, "relu",
      {.needs = output(),
       .composition = [](const Gradient& g) { return g.dy() * cast(greater(g.out(), 0), g.dtype()); }},
      [](Samples& samples) {
        unary_samples(samples, {0.01, 1});
        unary_samples(samples, {-1, -0.01});
        samples.add({Sample::Input({3, 40}).apart()});
      });
  s.dtype_rule = DTypeRule::same;
  s.dtypes[0] = numbers;
  return s;
}());

// Those that follow take 0 for negative, as PyTorch does.
const BuiltinOp leaky_relu_op([] {
  OpSchema s = differentiable(
      unary, "leaky_relu",
      {.needs = input(0),
       .composition =
           [](const Gradient& g) { return where(greater(g.in(0), 0), g.dy(), g.real(0) * g.dy()); }},
      [](Samples& samples) {
        rectifier_samples(samples, {0.01});
        samples.add({Sample::Input({3, 40}).apart()}, {0.0});
        samples.add({Sample::Input({3, 40}).apart()}, {-0.5});
      });
  s.attributes[0] = "slope";
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) {
    c.out() = where(greater(c.in(0), 0), c.in(0), c.real(0) * c.in(0));
  };
  return s;
}());

Array elu_slope(const Array& x, double above, double below) {
  return where(less_equal(x, 0), below * exp(not_above_0(x)), scalar_like(x, above));
}

const BuiltinOp elu_op([] {
  OpSchema s = differentiable(
      unary, "elu",
      {.needs = input(0),
       .composition = [](const Gradient& g) { return g.dy() * elu_slope(g.in(0), 1, g.real(0)); }},
      [](Samples& samples) {
        rectifier_samples(samples, {1.0});
        samples.add({Sample::Input({3, 40}).apart()}, {0.5});
        samples.add({Sample::Input({3, 40}).apart()}, {-2.0});
        samples.add({Sample::Input({40}, -1e-3, -1e-4)}, {1.0});
      });
  s.attributes[0] = "alpha";
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) {
    const Array& x = c.in(0);
    c.out() = where(less_equal(x, 0), c.real(0) * expm1(not_above_0(x)), x);
  };
  return s;
}());

// Klambauer et al., "Self-Normalizing Neural Networks", 2017.
constexpr double selu_alpha = 1.6732632423543772848, selu_scale = 1.0507009873554804934;

const BuiltinOp selu_op([] {
  OpSchema s = differentiable(unary, "selu",
                              {.needs = input(0),
                               .composition =
                                   [](const Gradient& g) {
                                     return g.dy() * elu_slope(g.in(0), selu_scale, selu_scale * selu_alpha);
                                   }},
                              [](Samples& samples) { rectifier_samples(samples, {}); });
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = selu_scale * elu(c.in(0), selu_alpha); };
  return s;
}());

// ---- sigmoids ----

const BuiltinOp sigmoid_op(differentiable(
    unary, "sigmoid",
    {.needs = output(), .composition = [](const Gradient& g) { return g.dy() * g.out() * (1 - g.out()); }},
    [](Samples& s) {
      unary_samples(s, {-4, 4});
    }));

const BuiltinOp tanh_op(differentiable(
    unary, "tanh",
    {.needs = output(), .composition = [](const Gradient& g) { return g.dy() * (1 - square(g.out())); }},
    [](Samples& s) {
      unary_samples(s, {-3, 3});
    }));

// The gradient at -3 and 3 is 0.
const BuiltinOp hardsigmoid_op([] {
  OpSchema s = differentiable(unary, "hardsigmoid",
                              {.needs = input(0),
                               .composition =
                                   [](const Gradient& g) {
                                     return where(less(abs(g.in(0)), 3), g.dy() / 6, scalar_like(g.dy(), 0));
                                   }},
                              [](Samples& samples) {
                                unary_samples(samples, {-2.9, 2.9});
                                samples.add({Sample::Input({40}, 3.1, 9)});
                                samples.add({Sample::Input({40}, -9, -3.1)});
                              });
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = minimum(maximum(c.in(0) + 3, 0), 6) / 6; };
  return s;
}());

const BuiltinOp log_sigmoid_op([] {
  OpSchema s = differentiable(
      unary, "log_sigmoid",
      {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * sigmoid(-g.in(0)); }},
      [](Samples& samples) {
        unary_samples(samples, {-4, 4});
        samples.add({Sample::Input({40}, -800, 800)});
        samples.add({Sample::Input({40}, 10, 18)});
      });
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = minimum(c.in(0), 0) - log_1_plus_exp(c.in(0)); };
  return s;
}());

const BuiltinOp softplus_op([] {
  OpSchema s = differentiable(
      unary, "softplus",
      {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * sigmoid(g.in(0)); }},
      [](Samples& samples) {
        unary_samples(samples, {-4, 4});
        samples.add({Sample::Input({40}, -800, 800)});
        samples.add({Sample::Input({40}, -18, -10)});
      });
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = relu(c.in(0)) + log_1_plus_exp(c.in(0)); };
  return s;
}());

}  // namespace

Array relu(const Array& x) { return relu_op({x}); }
Array leaky_relu(const Array& x, double slope) { return leaky_relu_op({x}, {slope}); }
Array elu(const Array& x, double alpha) { return elu_op({x}, {alpha}); }
Array selu(const Array& x) { return selu_op({x}); }
Array sigmoid(const Array& x) { return sigmoid_op({x}); }
Array tanh(const Array& x) { return tanh_op({x}); }
Array hardsigmoid(const Array& x) { return hardsigmoid_op({x}); }
Array log_sigmoid(const Array& x) { return log_sigmoid_op({x}); }
Array softplus(const Array& x) { return softplus_op({x}); }

}  // namespace plugrad

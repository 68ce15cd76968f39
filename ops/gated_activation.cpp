// Activation functions that multiply x by a gate, which opens as x grows.
#include <numbers>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// Across the bend, far on both sides of it, and where little is left.
void gated_samples(Samples& s, Domain fading, std::initializer_list<Value> attr = {}) {
  unary_samples(s, {-2.9, 2.9}, attr);
  s.add({Sample::Input({40}, -800, 800)}, attr);
  s.add({Sample::Input({40}, fading.low, fading.high)}, attr);
}

// ---- gelu: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016 ----

constexpr double root_half = 1 / std::numbers::sqrt2, density_at_0 = std::numbers::inv_sqrtpi * root_half;

bool is_exact(int64_t form) { return form == static_cast<int64_t>(GeluForm::exact); }

// The probability that a normal variable is less than x.
Array normal_distribution(const Array& x) { return 0.5 * erfc(-root_half * x); }

// In the tanh form the gate is (1 + tanh u) / 2, which is the sigmoid of 2 u = slope x (1 + cubic x^2).
constexpr double tanh_slope = 4 * density_at_0, tanh_cubic = 0.044715;
Array tanh_gate(const Array& x) { return sigmoid(tanh_slope * x * (1 + tanh_cubic * square(x))); }

Array gelu_slope(const Array& x, bool exact) {
  if (exact) return normal_distribution(x) + density_at_0 * x * exp(-0.5 * square(x));
  const Array gate = tanh_gate(x);
  return gate + gate * (1 - gate) * (tanh_slope * x * (1 + 3 * tanh_cubic * square(x)));
}

const BuiltinOp gelu_op([] {
  OpSchema s = differentiable(
      unary, "gelu",
      {.needs = input(0),
       .composition = [](const Gradient& g) { return g.dy() * gelu_slope(g.in(0), is_exact(g.integer(0))); }},
      [](Samples& samples) {
        for (const GeluForm form : {GeluForm::exact, GeluForm::tanh})
          gated_samples(samples, {-6, -4}, {form});
      });
  s.attributes[0] = "form";
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) {
    const Array& x = c.in(0);
    c.out() = x * (is_exact(c.integer(0)) ? normal_distribution(x) : tanh_gate(x));
  };
  return s;
}());

// ---- the others ----

const BuiltinOp silu_op([] {
  OpSchema s = differentiable(unary, "silu",
                              {.needs = input(0),
                               .composition =
                                   [](const Gradient& g) {
                                     const Array &x = g.in(0), gate = sigmoid(x);
                                     return g.dy() * (gate + x * gate * (1 - gate));
                                   }},
                              [](Samples& samples) {
                                gated_samples(samples, {-18, -10});
                              });
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = c.in(0) * sigmoid(c.in(0)); };
  return s;
}());

// Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.
const BuiltinOp mish_op([] {
  OpSchema s = differentiable(unary, "mish",
                              {.needs = input(0),
                               .composition =
                                   [](const Gradient& g) {
                                     const Array &x = g.in(0), gate = tanh(softplus(x));
                                     return g.dy() * (gate + x * sigmoid(x) * (1 - square(gate)));
                                   }},
                              [](Samples& samples) {
                                gated_samples(samples, {-18, -10});
                              });
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = c.in(0) * tanh(softplus(c.in(0))); };
  return s;
}());

// Howard et al., "Searching for MobileNetV3", 2019. The gradient at -3 is 0, that at 3 is 1.
const BuiltinOp hardswish_op([] {
  OpSchema s = differentiable(unary, "hardswish",
                              {.needs = input(0),
                               .composition =
                                   [](const Gradient& g) {
                                     const Array &x = g.in(0),
                                                 bend = where(less(abs(x), 3), x, scalar_like(x, 0));
                                     return g.dy() * (hardsigmoid(x) + bend / 6);
                                   }},
                              [](Samples& samples) {
                                unary_samples(samples, {-2.9, 2.9});
                                samples.add({Sample::Input({40}, 3.1, 9)});
                                samples.add({Sample::Input({40}, -9, -3.1)});
                              });
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = c.in(0) * hardsigmoid(c.in(0)); };
  return s;
}());

}  // namespace

Array gelu(const Array& x, GeluForm form) { return gelu_op({x}, {form}); }
Array silu(const Array& x) { return silu_op({x}); }
Array mish(const Array& x) { return mish_op({x}); }
Array hardswish(const Array& x) { return hardswish_op({x}); }

}  // namespace plugrad

// Sine, cosine, tangent and sinc.
#include <numbers>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

using std::numbers::pi;

void samples(Samples& s) { unary_samples(s, {-7, 7}); }

const BuiltinOp sin_op(differentiable(
    unary, "sin", {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * cos(g.in(0)); }},
    samples));

const BuiltinOp cos_op(differentiable(
    unary, "cos",
    {.needs = input(0), .composition = [](const Gradient& g) { return -(g.dy() * sin(g.in(0))); }}, samples));

const BuiltinOp tan_op(composite(
    differentiable(unary, "tan",
                   {.needs = output(),
                    .composition = [](const Gradient& g) { return g.dy() * (1 + square(g.out())); }},
                   [](Samples& s) {
                     unary_samples(s, {-1.2, 1.2});
                     unary_samples(s, {2, 4});
                   }),
    [](const Composition& c) { c.out() = sin(c.in(0)) / cos(c.in(0)); }));

Array one_where(const Array& condition, const Array& x) { return where(condition, scalar_like(x, 1), x); }

// sin(pi x) / (pi x), with the sine of an angle at most pi, which is exactly 0 for whole x.
void compose_sinc(const Composition& c) {
  const Array x = abs(c.in(0)), at_zero = equal(x, 0), turn = remainder(x, 2);
  const Array sine = sin(pi * where(less(turn, 0.5), turn, 1 - turn));
  c.out() = one_where(at_zero, sine / (pi * one_where(at_zero, x)));
}

// (cos(pi x) - y) / x cancels near 0. There sinc's derivative is the sum of (-1)^k 2k / (2k + 1)! pi^2k
// x^(2k - 1).
Array sinc_gradient(const Gradient& g) {
  const Array &x = g.in(0), x2 = square(x);
  constexpr int terms = 12;
  double coefficient = 1;
  double coefficients[terms + 1];
  for (int k = 1; k <= terms; ++k) {
    coefficient *= -pi * pi / (2 * k * (2 * k + 1));
    coefficients[k] = 2 * k * coefficient;
  }
  Array series = scalar_like(x, coefficients[terms]);
  for (int k = terms; --k > 0;) series = coefficients[k] + x2 * series;
  const Array near = less(abs(x), 0.5);
  const Array slope = (cos(pi * remainder(x, 2)) - g.out()) / one_where(near, x);
  return g.dy() * where(near, x * series, slope);
}

const BuiltinOp sinc_op(composite(differentiable(unary, "sinc",
                                                 {.needs = input(0) | output(), .composition = sinc_gradient},
                                                 [](Samples& s) {
                                                   unary_samples(s, {-4, 4});
                                                   unary_samples(s, {-1e-3, 1e-3});
                                                 }),
                                  compose_sinc));

}  // namespace

Array sin(const Array& x) { return sin_op({x}); }
Array cos(const Array& x) { return cos_op({x}); }
Array tan(const Array& x) { return tan_op({x}); }
Array sinc(const Array& x) { return sinc_op({x}); }

}  // namespace plugrad

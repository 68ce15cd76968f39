// Arcsine, arccosine, arctangent, and the angle of a vector.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// The derivative of the arcsine.
Array asin_slope(const Array& x) { return rsqrt((1 - x) * (1 + x)); }

const BuiltinOp asin_op(differentiable(
    unary, "asin",
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * asin_slope(g.in(0)); }},
    [](Samples& s) {
      unary_samples(s, {-0.9, 0.9});
    }));

const BuiltinOp acos_op(differentiable(
    unary, "acos",
    {.needs = input(0), .composition = [](const Gradient& g) { return -(g.dy() * asin_slope(g.in(0))); }},
    [](Samples& s) {
      unary_samples(s, {-0.9, 0.9});
    }));

const BuiltinOp atan_op(differentiable(
    unary, "atan",
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() / (1 + square(g.in(0))); }},
    [](Samples& s) {
      unary_samples(s, {-4, 4});
    }));

// Where both are 0 the gradient is NaN, as the formula has it.
const BuiltinOp atan2_op([] {
  OpSchema s = differentiable(binary, "atan2",
                              {.needs = input(0) | input(1),
                               .composition =
                                   [](const Gradient& g) {
                                     const Array r = hypot(g.in(0), g.in(1));
                                     return g.dy() * (g.in(1) / r) / r;
                                   }},
                              {.needs = input(0) | input(1),
                               .composition =
                                   [](const Gradient& g) {
                                     const Array r = hypot(g.in(0), g.in(1));
                                     return -(g.dy() * (g.in(0) / r) / r);
                                   }},
                              [](Samples& samples) {
                                binary_samples(samples, {0.3, 2}, {-2, 2});
                                using Input = Sample::Input;
                                samples.add({Input({4, 5}, -2, -0.3), Input({4, 5}, -2, 2)});
                                samples.add({Input({4, 5}, -2, 2), Input({4, 5}, 0.3, 2)});
                              });
  s.dtype_rule = DTypeRule::promote_floating;
  s.dtypes[0] = floating;
  return s;
}());

}  // namespace

Array asin(const Array& x) { return asin_op({x}); }
Array acos(const Array& x) { return acos_op({x}); }
Array atan(const Array& x) { return atan_op({x}); }
Array atan2(const Array& y, const Array& x) { return atan2_op({y, x}); }

}  // namespace plugrad

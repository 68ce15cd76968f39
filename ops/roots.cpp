// Roots, and the root of a sum of squares.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

const BuiltinOp sqrt_op(differentiable(
    unary, "sqrt",
    {.needs = output(), .composition = [](const Gradient& g) { return g.dy() / (2 * g.out()); }},
    [](Samples& s) {
      unary_samples(s, {0.2, 3});
    }));

const BuiltinOp rsqrt_op(composite(differentiable(unary, "rsqrt",
                                                  {.needs = output(),
                                                   .composition =
                                                       [](const Gradient& g) {
                                                         return -0.5 * g.dy() * (g.out() * square(g.out()));
                                                       }},
                                                  [](Samples& s) {
                                                    unary_samples(s, {0.2, 3});
                                                  }),
                                   [](const Composition& c) { c.out() = 1 / sqrt(c.in(0)); }));

const BuiltinOp cbrt_op(differentiable(
    unary, "cbrt",
    {.needs = output(), .composition = [](const Gradient& g) { return g.dy() / (3 * square(g.out())); }},
    [](Samples& s) {
      unary_samples(s, {0.2, 3});
      unary_samples(s, {-3, -0.2});
    }));

// How hypot(x, y) grows with x: 0 where both are 0, as abs has it.
Array slope(const Gradient& g, const Array& x) {
  const Array& z = g.out();
  return g.dy() * (x / where(equal(z, 0), scalar_like(z, 1), z));
}

const BuiltinOp hypot_op([] {
  OpSchema s = differentiable(
      binary, "hypot",
      {.needs = input(0) | output(), .composition = [](const Gradient& g) { return slope(g, g.in(0)); }},
      {.needs = input(1) | output(), .composition = [](const Gradient& g) { return slope(g, g.in(1)); }},
      [](Samples& samples) {
        binary_samples(samples, {-2, 2}, {0.3, 2});
      });
  s.dtype_rule = DTypeRule::promote_floating;
  s.dtypes[0] = floating;
  return s;
}());

}  // namespace

Array sqrt(const Array& x) { return sqrt_op({x}); }
Array rsqrt(const Array& x) { return rsqrt_op({x}); }
Array cbrt(const Array& x) { return cbrt_op({x}); }
Array hypot(const Array& x, const Array& y) { return hypot_op({x, y}); }

}  // namespace plugrad

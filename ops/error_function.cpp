// The error function and its complement.
#include <numbers>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// 2 / sqrt(pi) e^(-x^2)
Array slope(const Array& x) { return (2 * std::numbers::inv_sqrtpi) * exp(-square(x)); }

const BuiltinOp erf_op(differentiable(
    unary, "erf",
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * slope(g.in(0)); }},
    [](Samples& s) {
      unary_samples(s, {-2, 2});
      s.add({Sample::Input({40}, -1e-3, 1e-3)});
      s.add({Sample::Input({40}, -8, 8)});
    }));

const BuiltinOp erfc_op(differentiable(
    unary, "erfc",
    {.needs = input(0), .composition = [](const Gradient& g) { return -(g.dy() * slope(g.in(0))); }},
    [](Samples& s) {
      unary_samples(s, {-2, 2});
      s.add({Sample::Input({40}, 3, 3.5)});  // tiny
      s.add({Sample::Input({40}, -8, 8)});
    }));

}  // namespace

Array erf(const Array& x) { return erf_op({x}); }
Array erfc(const Array& x) { return erfc_op({x}); }

}  // namespace plugrad

// Exponential functions.
#include <numbers>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

using std::numbers::ln2, std::numbers::ln10;

const BuiltinOp exp_op(differentiable(unary, "exp", {.needs = output(), .composition = [](const Gradient& g) {
                                                       return g.dy() * g.out();
                                                     }}));

const BuiltinOp exp2_op(
    composite(differentiable(unary, "exp2",
                             {.needs = output(),
                              .composition = [](const Gradient& g) { return g.dy() * (ln2 * g.out()); }},
                             [](Samples& s) {
                               unary_samples(s, {-3, 3});
                             }),
              [](const Composition& c) { c.out() = exp(ln2 * c.in(0)); }));

const BuiltinOp exp10_op(
    composite(differentiable(unary, "exp10",
                             {.needs = output(),
                              .composition = [](const Gradient& g) { return g.dy() * (ln10 * g.out()); }},
                             [](Samples& s) {
                               unary_samples(s, {-1.5, 1.5});
                             }),
              [](const Composition& c) { c.out() = exp(ln10 * c.in(0)); }));

const BuiltinOp expm1_op(differentiable(
    unary, "expm1",
    {.needs = output(), .composition = [](const Gradient& g) { return g.dy() * (g.out() + 1); }},
    [](Samples& s) {
      unary_samples(s, {-2, 2});
    }));

}  // namespace

Array exp(const Array& x) { return exp_op({x}); }
Array exp2(const Array& x) { return exp2_op({x}); }
Array exp10(const Array& x) { return exp10_op({x}); }
Array expm1(const Array& x) { return expm1_op({x}); }

}  // namespace plugrad

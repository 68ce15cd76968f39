// Exponential, logarithm, square root.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

const BuiltinOp exp_op(differentiable(unary, "exp", {.needs = output(), .composition = [](const Gradient& g) {
                                                       return g.dy() * g.out();
                                                     }}));

const BuiltinOp log_op(differentiable(unary, "log",
                                      {.needs = input(0),
                                       .composition = [](const Gradient& g) { return g.dy() / g.in(0); }},
                                      [](Samples& s) {
                                        unary_samples(s, {0.2, 3});
                                      }));

const BuiltinOp sqrt_op(differentiable(
    unary, "sqrt",
    {.needs = output(), .composition = [](const Gradient& g) { return g.dy() / (2 * g.out()); }},
    [](Samples& s) {
      unary_samples(s, {0.2, 3});
    }));

}  // namespace

Array exp(const Array& x) { return exp_op({x}); }
Array log(const Array& x) { return log_op({x}); }
Array sqrt(const Array& x) { return sqrt_op({x}); }

}  // namespace plugrad

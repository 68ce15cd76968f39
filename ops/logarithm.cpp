// Logarithms.
#include <numbers>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

using std::numbers::ln2, std::numbers::ln10;

const BuiltinOp log_op(differentiable(unary, "log",
                                      {.needs = input(0),
                                       .composition = [](const Gradient& g) { return g.dy() / g.in(0); }},
                                      [](Samples& s) {
                                        unary_samples(s, {0.2, 3});
                                      }));

const BuiltinOp log2_op(
    composite(differentiable(unary, "log2",
                             {.needs = input(0),
                              .composition = [](const Gradient& g) { return g.dy() / (ln2 * g.in(0)); }},
                             [](Samples& s) {
                               unary_samples(s, {0.2, 9});
                             }),
              [](const Composition& c) { c.out() = log(c.in(0)) / ln2; }));

const BuiltinOp log10_op(
    composite(differentiable(unary, "log10",
                             {.needs = input(0),
                              .composition = [](const Gradient& g) { return g.dy() / (ln10 * g.in(0)); }},
                             [](Samples& s) {
                               unary_samples(s, {0.2, 20});
                             }),
              [](const Composition& c) { c.out() = log(c.in(0)) / ln10; }));

const BuiltinOp log1p_op(differentiable(
    unary, "log1p",
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() / (g.in(0) + 1); }},
    [](Samples& s) {
      unary_samples(s, {-0.7, 3});
    }));

}  // namespace

Array log(const Array& x) { return log_op({x}); }
Array log2(const Array& x) { return log2_op({x}); }
Array log10(const Array& x) { return log10_op({x}); }
Array log1p(const Array& x) { return log1p_op({x}); }

}  // namespace plugrad

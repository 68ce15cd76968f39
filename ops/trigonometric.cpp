// Sine and cosine.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void samples(Samples& s) { unary_samples(s, {-7, 7}); }

const BuiltinOp sin_op(differentiable(
    unary, "sin", {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * cos(g.in(0)); }},
    samples));

const BuiltinOp cos_op(differentiable(
    unary, "cos",
    {.needs = input(0), .composition = [](const Gradient& g) { return -(g.dy() * sin(g.in(0))); }}, samples));

}  // namespace

Array sin(const Array& x) { return sin_op({x}); }
Array cos(const Array& x) { return cos_op({x}); }

}  // namespace plugrad

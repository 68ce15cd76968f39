// Hyperbolic functions and their inverses; tanh is among the activation functions.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

const BuiltinOp sinh_op(differentiable(
    unary, "sinh",
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * cosh(g.in(0)); }},
    [](Samples& s) {
      unary_samples(s, {-3, 3});
    }));

const BuiltinOp cosh_op(differentiable(
    unary, "cosh",
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * sinh(g.in(0)); }},
    [](Samples& s) {
      unary_samples(s, {-3, 3});
    }));

const BuiltinOp asinh_op(differentiable(
    unary, "asinh",
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() / hypot(g.in(0), 1); }},
    [](Samples& s) {
      unary_samples(s, {-4, 4});
    }));

const BuiltinOp acosh_op(differentiable(
    unary, "acosh",
    {.needs = input(0),
     .composition = [](const Gradient& g) { return g.dy() * (rsqrt(g.in(0) - 1) * rsqrt(g.in(0) + 1)); }},
    [](Samples& s) {
      unary_samples(s, {1.2, 5});
    }));

const BuiltinOp atanh_op(differentiable(
    unary, "atanh",
    {.needs = input(0),
     .composition = [](const Gradient& g) { return g.dy() / ((1 - g.in(0)) * (1 + g.in(0))); }},
    [](Samples& s) {
      unary_samples(s, {-0.9, 0.9});
    }));

}  // namespace

Array sinh(const Array& x) { return sinh_op({x}); }
Array cosh(const Array& x) { return cosh_op({x}); }
Array asinh(const Array& x) { return asinh_op({x}); }
Array acosh(const Array& x) { return acosh_op({x}); }
Array atanh(const Array& x) { return atanh_op({x}); }

}  // namespace plugrad

// Activation functions.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// The gradient at 0 is 0.
const BuiltinOp relu_op([] {
  OpSchema s = differentiable(
      unary, "relu",
      {.needs = output(),
       .composition = [](const Gradient& g) { return g.dy() * cast(greater(g.out(), 0), g.dtype()); }},
      [](Samples& samples) {
        unary_samples(samples, {0.01, 1});
        unary_samples(samples, {-1, -0.01});
        samples.add({Sample::Input({3, 40}).apart()});
      });
  s.dtype_rule = DTypeRule::same;
  s.dtypes[0] = numbers;
  return s;
}());

const BuiltinOp sigmoid_op(differentiable(
    unary, "sigmoid",
    {.needs = output(), .composition = [](const Gradient& g) { return g.dy() * g.out() * (1 - g.out()); }},
    [](Samples& s) {
      unary_samples(s, {-4, 4});
    }));

const BuiltinOp tanh_op(differentiable(
    unary, "tanh",
    {.needs = output(), .composition = [](const Gradient& g) { return g.dy() * (1 - square(g.out())); }},
    [](Samples& s) {
      unary_samples(s, {-3, 3});
    }));

}  // namespace

Array relu(const Array& x) { return relu_op({x}); }
Array sigmoid(const Array& x) { return sigmoid_op({x}); }
Array tanh(const Array& x) { return tanh_op({x}); }

}  // namespace plugrad

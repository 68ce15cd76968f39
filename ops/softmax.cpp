// softmax(x)_i = exp(x_i) / sum_j exp(x_j) along one axis, and its logarithm.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_along_axis(Inference& i) {
  i.axis(0);
  infer_same(i);
}

void samples(Samples& s) {
  s.add({Sample::Input({4}, -3, 3)}, {0});
  s.add({Sample::Input({3, 4}, -3, 3)}, {1});
  s.add({Sample::Input({3, 4}, -3, 3)}, {0});
  s.add({Sample::Input({2, 3, 5}, -3, 3)}, {-2});
  s.add({Sample::Input({1}, -3, 3)}, {0});
  s.add({Sample::Input({0, 4}, -3, 3)}, {1});
  s.add({Sample::Input({100, 10}, -9, 9)}, {-1});
  s.add({Sample::Input({7, 37}, -3, 3).with(Sample::Input::transposed)}, {1});
  s.add({Sample::Input({700, 300}, -3, 3)}, {1});
}

constexpr OpSchema family{.attributes = {"axis"},
                          .dtype_rule = DTypeRule::promote_floating,
                          .dtypes = {floating},
                          .infer = infer_along_axis,
                          .differentiability = Differentiability::differentiable};

const BuiltinOp log_softmax_op(differentiable(family, "log_softmax",
                                              {.needs = output(),
                                               .composition =
                                                   [](const Gradient& g) {
                                                     return g.dy() -
                                                            exp(g.out()) * sum(g.dy(), g.integer(0), true);
                                                   }},
                                              samples));

const BuiltinOp softmax_op([] {
  OpSchema s = differentiable(
      family, "softmax",
      {.needs = output(),
       .composition =
           [](const Gradient& g) { return g.out() * (g.dy() - sum(g.dy() * g.out(), g.integer(0), true)); }},
      samples);
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = exp(log_softmax(c.in(0), c.integer(0))); };
  return s;
}());

}  // namespace

Array softmax(const Array& x, int64_t axis) { return softmax_op({x}, {axis}); }
Array log_softmax(const Array& x, int64_t axis) { return log_softmax_op({x}, {axis}); }

}  // namespace plugrad

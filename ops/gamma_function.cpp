// The logarithm of the gamma function and its derivatives.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

const BuiltinOp lgamma_op(differentiable(
    unary, "lgamma",
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * digamma(g.in(0)); }},
    [](Samples& s) {
      unary_samples(s, {0.3, 6});
      s.add({Sample::Input({40}, -2.8, -2.2)});
      s.add({Sample::Input({40}, 20, 1000)});
    }));

const BuiltinOp digamma_op(differentiable(
    unary, "digamma",
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * polygamma(1, g.in(0)); }},
    [](Samples& s) {
      unary_samples(s, {0.3, 6});
      s.add({Sample::Input({40}, -2.8, -2.2)});
      s.add({Sample::Input({40}, 20, 1000)});
    }));

void infer_polygamma(Inference& i) {
  if (i.integer(0) < 1) i.fail(fmt::format("needs an order of at least 1; got {}", i.integer(0)));
  infer_same(i);
}

const BuiltinOp polygamma_op([] {
  OpSchema s = differentiable(
      unary, "polygamma",
      {.needs = input(0),
       .composition = [](const Gradient& g) { return g.dy() * polygamma(g.integer(0) + 1, g.in(0)); }},
      [](Samples& samples) {
        unary_samples(samples, {0.5, 6}, {1});
        for (const int order : {2, 3, 10}) samples.add({Sample::Input({40}, 1, 6)}, {order});
        for (const int order : {1, 2, 5}) samples.add({Sample::Input({40}, -2.7, -2.3)}, {order});
        for (const int order : {1, 4}) samples.add({Sample::Input({40}, 20, 100)}, {order});
      });
  s.attributes[0] = "order";
  s.infer = infer_polygamma;
  return s;
}());

}  // namespace

Array lgamma(const Array& x) { return lgamma_op({x}); }
Array digamma(const Array& x) { return digamma_op({x}); }
Array polygamma(int64_t order, const Array& x) { return polygamma_op({x}, {order}); }

}  // namespace plugrad

// Indices drawn in proportion to weights.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_multinomial(Inference& i) {
  const Array& weights = i.in(0);
  const int64_t count = i.integer(0);
  if (weights.ndim() == 0) i.fail("needs rows of weights");
  const int64_t n = weights.dims()[weights.ndim() - 1];
  if (count < 0) i.fail(fmt::format("{} draws", count));
  if (count > 0 && n == 0) i.fail(fmt::format("{} draws from nothing", count));
  if (i.integer(1) == 0 && count > n) i.fail(fmt::format("{} draws without replacement from {}", count, n));
  i.out().shape = weights.shape();
  i.out().shape[weights.ndim() - 1] = count;
  i.out().dtype = int64;
}

const BuiltinOp multinomial_op(
    {.name = "multinomial",
     .attributes = {"count", "replacement", "seed", "offset"},
     .dtype_rule = DTypeRule::promote_floating,
     .infer = infer_multinomial,
     .differentiability = Differentiability::locally_constant,
     .samples = [](Samples& s) {
       const auto weights = [](const Shape& shape) { return Sample::Input(shape, 0.01, 1); };
       for (const int replacement : {1, 0}) {
         s.add({weights({7})}, {5, replacement, 0, 0});
         s.add({weights({3, 8})}, {8, replacement, 0x123456789abcdef, 3});
         s.add({weights({1})}, {1, replacement, 0, 0});
         s.add({weights({2, 1, 3})}, {0, replacement, 0, 0});
         s.add({weights({0, 3})}, {2, replacement, 0, 0});
         s.add({weights({5, 6}).with(Sample::Input::transposed)}, {4, replacement, 0, 1});
         s.add({weights({2, 3, 300})}, {40, replacement, 0, 0});
         s.add({weights({1, 3000})}, {1000, replacement, 0, 0});
         s.add({weights({300, 1000})}, {300, replacement, 0, 0});
       }
     }});

}  // namespace

Array multinomial(const Array& weights, int64_t count, bool replacement, Generator& g) {
  Array indices = multinomial_op({weights}, {count, replacement, g.seed, g.offset});
  ++g.offset;
  return indices;
}

}  // namespace plugrad

// Permutations: the order in which random keys would be sorted.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_permutation(Inference& i) {
  if (i.integer(0) < 0) i.fail(fmt::format("of {} things", i.integer(0)));
  i.out().shape = {i.integer(0)};
  i.out().dtype = int64;
}

const BuiltinOp permutation_op({.name = "permutation",
                                .n_in = 0,
                                .attributes = {"n", "seed", "offset"},
                                .infer = infer_permutation,
                                .differentiability = Differentiability::locally_constant,
                                .samples = [](Samples& s) {
                                  for (const int64_t n : {1, 0, 2, 7, 64, 1000, 5000}) s.add({}, {n, 0, 0});
                                  s.add({}, {31, 0x123456789abcdef, 3});
                                }});

}  // namespace

Array permutation(int64_t n, Generator& g, Device device) {
  Array order = permutation_op(device, {n, g.seed, g.offset});
  ++g.offset;
  return order;
}

}  // namespace plugrad

// Rounding to integers.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void samples(Samples& s) {
  unary_samples(s, {-4, 4});
  s.add({Sample::Input({300}, -1e9, 1e9)});
  s.add({Sample::Input({40}, int32, -5, 5)});
  s.add({Sample::Input({4, 5}, int64, -1e9, 1e9).with(Sample::Input::transposed)});
}

constexpr OpSchema rounding(const char* name) {
  return {.name = name,
          .dtypes = {numbers},
          .infer = infer_same,
          .differentiability = Differentiability::locally_constant,
          .samples = samples};
}

const BuiltinOp floor_op(rounding("floor")), ceil_op(rounding("ceil")), round_op(rounding("round")),
    trunc_op(rounding("trunc"));

}  // namespace

Array floor(const Array& x) { return floor_op({x}); }
Array ceil(const Array& x) { return ceil_op({x}); }
Array round(const Array& x) { return round_op({x}); }
Array trunc(const Array& x) { return trunc_op({x}); }

}  // namespace plugrad

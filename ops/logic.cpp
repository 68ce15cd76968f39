// Truth: operands are true where they are not 0, and NaN is; and what kind of number an element is.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void operand_samples(Samples& s) {
  binary_samples(s, {-0.5, 1}, {-0.5, 1});
  s.add({Sample::Input({40}, int32, -1, 2), Sample::Input({40}, int32, -1, 2)});
  s.add({Sample::Input({3, 1}, int64, 0, 2), Sample::Input({5}, int64, 0, 2)});
  s.add({Sample::Input({2, 1}, bool_, 0, 2), Sample::Input({1, 40}, bool_, 0, 2)});
  s.add({Sample::Input({40}, bool_, 0, 2), Sample::Input({}, bool_, 0, 1)});
}

void element_samples(Samples& s) {
  unary_samples(s);
  s.add({Sample::Input({40}, int32, -1, 2)});
  s.add({Sample::Input({4, 5}, int64, -1, 2).with(Sample::Input::transposed)});
  s.add({Sample::Input({40}, bool_, 0, 2)});
}

constexpr OpSchema predicate(const char* name, int n_in) {
  return {.name = name,
          .n_in = n_in,
          .dtype_rule = DTypeRule::promote,
          .dtypes = {any_dtype},
          .infer = infer_broadcast_bool,
          .broadcasts = n_in == 2,
          .differentiability = Differentiability::locally_constant,
          .samples = n_in == 2 ? operand_samples : element_samples};
}

const BuiltinOp logical_and_op(predicate("logical_and", 2)), logical_or_op(predicate("logical_or", 2)),
    logical_xor_op(predicate("logical_xor", 2)), logical_not_op(predicate("logical_not", 1));
const BuiltinOp isnan_op(predicate("isnan", 1)), isinf_op(predicate("isinf", 1)),
    isfinite_op(predicate("isfinite", 1));

}  // namespace

Array logical_and(const Array& x, const Array& y) { return logical_and_op({x, y}); }
Array logical_or(const Array& x, const Array& y) { return logical_or_op({x, y}); }
Array logical_xor(const Array& x, const Array& y) { return logical_xor_op({x, y}); }
Array logical_not(const Array& x) { return logical_not_op({x}); }
Array isnan(const Array& x) { return isnan_op({x}); }
Array isinf(const Array& x) { return isinf_op({x}); }
Array isfinite(const Array& x) { return isfinite_op({x}); }

}  // namespace plugrad

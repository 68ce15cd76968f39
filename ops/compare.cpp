// Comparisons, and the choice between two arrays by their outcome.
#include <fmt/format.h>

#include "plugrad/core/core_ops.h"
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

constexpr OpSchema comparison(const char* name) {
  return {.name = name,
          .n_in = 2,
          .dtype_rule = DTypeRule::promote,
          .dtypes = {any_dtype},
          .infer = infer_broadcast_bool,
          .broadcasts = true,
          .differentiability = Differentiability::locally_constant,
          .samples = [](Samples& s) {
            binary_samples(s);
            s.add({Sample::Input({40}, int32, 0, 3), Sample::Input({40}, int32, 0, 3)});
            s.add({Sample::Input({40}, int64, -2, 2), Sample::Input({}, int64, 0, 1)});
            s.add({Sample::Input({40}, bool_, 0, 2), Sample::Input({40}, bool_, 0, 2)});
          }};
}

const BuiltinOp equal_op(comparison("equal")), not_equal_op(comparison("not_equal")),
    less_op(comparison("less")), less_equal_op(comparison("less_equal")), greater_op(comparison("greater")),
    greater_equal_op(comparison("greater_equal"));

void infer_where(Inference& i) {
  if (i.in(1).dtype() != i.in(2).dtype()) i.fail("needs both choices of one dtype");
  infer_broadcast(i);
  i.out().dtype = i.in(1).dtype();
}

Array zero_like(const Gradient& g) { return scalar_like(g.dy(), 0); }

const BuiltinOp where_op(
    {.name = "where",
     .n_in = 3,
     .dtype_rule = DTypeRule::separate,
     .dtypes = {booleans, any_dtype, any_dtype},
     .infer = infer_where,
     .broadcasts = true,
     .differentiability = Differentiability::differentiable,
     .gradient = {{},
                  {.needs = input(0),
                   .composition = [](const Gradient& g) { return where(g.in(0), g.dy(), zero_like(g)); }},
                  {.needs = input(0),
                   .composition = [](const Gradient& g) { return where(g.in(0), zero_like(g), g.dy()); }}},
     .samples = [](Samples& s) {
       const auto condition = [](const Shape& shape) { return Sample::Input(shape, bool_, 0, 2); };
       s.add({condition({2, 3}), {2, 3}, {2, 3}});
       s.add({condition({}), Shape{}, Shape{}});
       s.add({condition({2, 1}), {3}, {1, 3}});
       s.add({condition({3}), {2, 3}, Shape{}});
       s.add({condition({0}), {1}, {0}});
       s.add({condition({300, 1000}), {300, 1000}, {1000}});
       s.add({condition({4, 5}).with(Sample::Input::transposed),
              {4, 5},
              Sample::Input({4, 5}).with(Sample::Input::strided)});
     }});

}  // namespace

Array equal(const Array& x, const Array& y) { return equal_op({x, y}); }
Array not_equal(const Array& x, const Array& y) { return not_equal_op({x, y}); }
Array less(const Array& x, const Array& y) { return less_op({x, y}); }
Array less_equal(const Array& x, const Array& y) { return less_equal_op({x, y}); }
Array greater(const Array& x, const Array& y) { return greater_op({x, y}); }
Array greater_equal(const Array& x, const Array& y) { return greater_equal_op({x, y}); }

Array where(const Array& condition, const Array& x, const Array& y) {
  if (!x || !y || x.dtype() == y.dtype()) return where_op({condition, x, y});
  const DType d = promote(x.dtype(), y.dtype());
  return where_op({condition, cast(x, d), cast(y, d)});
}

}  // namespace plugrad

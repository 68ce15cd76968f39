// The ops that the core itself calls, by name: it knows none of their definitions.
#pragma once

#include "plugrad/core/dispatch.h"

namespace plugrad::detail {

struct CoreOps {
  const Row &add, &cast, &copy, &full, &select, &sum_to;
};
const CoreOps& core_ops();

Array call_cast(const Array& x, DType to);
Array call_copy(const Array& x);  // compact, of its own
Array call_full(const Shape& shape, double value, DType dtype, Device device);
Array call_select(const Array& x, int64_t axis, int64_t index);
Array call_sum_to(const Array& x, const Shape& shape);

}  // namespace plugrad::detail

#include "plugrad/core/core_ops.h"

namespace plugrad {

namespace detail {

const CoreOps& core_ops() {
  static const CoreOps ops{get_op("add"),  get_op("cast"),   get_op("copy"),
                           get_op("full"), get_op("select"), get_op("sum_to")};
  return ops;
}

namespace {
Array call(const Row& op, const Array& x, std::initializer_list<Value> attr) {
  const ArrayRef in[] = {x};
  Array out;
  dispatch(op, in, 1, attr.begin(), static_cast<int>(attr.size()), &out, 1);
  return out;
}
}  // namespace

Array call_cast(const Array& x, DType to) { return call(core_ops().cast, x, {to, x.dtype()}); }
Array call_copy(const Array& x) { return call(core_ops().copy, x, {}); }
Array call_sum_to(const Array& x, const Shape& shape) { return call(core_ops().sum_to, x, {shape}); }
Array call_select(const Array& x, int64_t axis, int64_t index) {
  return call(core_ops().select, x, {axis, index});
}

Array call_full(const Shape& shape, double value, DType dtype, Device device) {
  const Value attr[] = {shape, value, dtype};
  Array out;
  dispatch(core_ops().full, nullptr, 0, attr, 3, &out, 1, device);
  return out;
}

}  // namespace detail

Array Array::at(int64_t index) const { return detail::call_select(*this, 0, index); }

}  // namespace plugrad

#include "plugrad/core/array.h"

#include <fmt/format.h>

#include <cstring>

#include "plugrad/core/backend.h"
#include "plugrad/core/core_ops.h"
#include "plugrad/core/row_sparse.h"

namespace plugrad {

namespace detail {

Body* new_body() {
  auto* b = new Body;
  b->view.shape = b->dims;
  b->view.strides = b->strides;
  ++thread_state().upstream_allocations;
  return b;
}

void delete_body(Body* b) { delete b; }

}  // namespace detail

Array::Array(double value) : Array(detail::call_full(Shape{}, value, float32, default_device())) {}

int64_t Array::dim(int axis) const { return dims()[normalize_axis(axis, shape(), "dim")]; }

Array Array::view(const int64_t* dims, const int64_t* strides, int ndim, int64_t offset) const {
  Body* b = detail::take_body(detail::thread_state());
  b->storage = body_->storage;
  b->storage->refs.up();
  b->dtype = body_->dtype;
  b->device = body_->device;
  b->view.data = body_->view.data;
  b->view.device = body_->view.device;
  b->view.dtype = body_->view.dtype;
  b->view.byte_offset = static_cast<uint64_t>(static_cast<int64_t>(body_->view.byte_offset) +
                                              offset * static_cast<int64_t>(size_of(body_->dtype)));
  b->view.ndim = ndim;
  int64_t expected = 1;
  bool contiguous = true;
  for (int i = ndim; i-- > 0;) {
    b->dims[i] = dims[i];
    b->strides[i] = strides[i];
    contiguous &= dims[i] == 1 || strides[i] == expected;
    expected *= dims[i];
  }
  b->contiguous = contiguous;
  return Array(b);
}

Array Array::from_storage(const Shape& shape, DType dtype, Storage* storage) {
  Body* b = detail::take_body(detail::thread_state());
  b->storage = storage;
  b->dtype = dtype;
  b->device = storage->device;
  b->contiguous = false;
  b->epoch = detail::row_sparse_epoch;
  b->view.data = nullptr;
  b->view.device = {detail::device_type[b->device.backend], b->device.ordinal};
  b->view.dtype = to_dlpack(dtype);
  b->view.byte_offset = 0;
  b->view.ndim = shape.ndim();
  int64_t n = 1;
  for (int i = shape.ndim(); i-- > 0; n *= shape[i]) {
    b->dims[i] = shape[i];
    b->strides[i] = n;
  }
  return Array(b);
}

Array Array::detach() const {
  if (!body_) throw Error("detach: an empty array");
  if (is_row_sparse(*this)) return dense(*this).detach();
  return view(dims(), strides(), ndim());
}

void Array::check_access(DType wanted, const char* what) const {
  if (!body_) throw Error(fmt::format("{}: an empty array", what));
  if (dtype() != wanted)
    throw DTypeError(fmt::format("{}: the array is of {}, not {}", what, name(dtype()), name(wanted)));
  if (!detail::on_host(device()))
    throw DeviceError(
        fmt::format("{}: the array is on {}; copy it with .to(...) first", what, to_string(device())));
}

Array Array::from_bytes(const void* data, int64_t count, const Shape& shape, DType dtype, Device device) {
  if (count != shape.size())
    throw ShapeError(fmt::format("from_data: {} values for shape {}, which holds {}", count, to_string(shape),
                                 shape.size()));
  Array a = empty(shape, dtype, device);
  const size_t bytes = static_cast<size_t>(count) * size_of(dtype);
  if (bytes == 0) return a;
  if (detail::on_host(device)) std::memcpy(a.raw(), data, bytes);
  else detail::copy_bytes(*a.storage(), a.raw(), data, bytes, PLUGRAD_HOST_TO_DEVICE);
  return a;
}

void Array::item_into(void* element) const {
  if (!body_) throw Error("item: an empty array");
  if (size() != 1) throw ShapeError(fmt::format("item: needs one element, not shape {}", to_string(shape())));
  if (detail::on_host(device())) std::memcpy(element, raw(), size_of(dtype()));
  else detail::copy_bytes(*dense(*this).storage(), element, raw(), size_of(dtype()), PLUGRAD_DEVICE_TO_HOST);
}

void Array::bytes_into(void* elements) const {
  if (size() == 0) return;
  const Array source = contiguous() ? *this : detail::call_copy(detach());
  const size_t bytes = static_cast<size_t>(size()) * size_of(dtype());
  if (detail::on_host(device())) std::memcpy(elements, source.raw(), bytes);
  else detail::copy_bytes(*source.storage(), elements, source.raw(), bytes, PLUGRAD_DEVICE_TO_HOST);
}

}  // namespace plugrad

// Array: a cheap value that looks at a storage. One pointer to a pooled body, which holds the view exactly as
// kernels get it (a DLTensor) and the place on the tape.
#pragma once

#include <concepts>
#include <cstring>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plugrad/core/dtype.h"
#include "plugrad/core/error.h"
#include "plugrad/core/shape.h"
#include "plugrad/core/storage.h"

namespace plugrad {

class Array;
class Index;

struct Body {
  RefCount refs;
  DType dtype;
  bool contiguous;
  uint8_t output;  // which output of `node`
  Device device;
  Storage* storage;
  Node* node;
  uint64_t epoch;  // of the tape that `node` is on; 0: none
  DLTensor view;   // shape and strides point at the arrays below, once and for all
  int64_t dims[max_ndim], strides[max_ndim];
};

namespace detail {
PLUGRAD_PUBLIC PLUGRAD_COLD Body* new_body();
PLUGRAD_PUBLIC PLUGRAD_COLD void delete_body(Body* b);
inline constexpr int64_t free_bodies_limit = 1 << 20;

// Stands in the place of a tape's epoch where an array is row-sparse (row_sparse.h): no tape has it, so that
// dispatch takes the way that it takes for all that is unusual.
inline constexpr uint64_t row_sparse_epoch = ~uint64_t{0};
PLUGRAD_PUBLIC PLUGRAD_COLD char* dense_data(const Array& x);
PLUGRAD_PUBLIC PLUGRAD_COLD void become_dense(Body& body, const Array& x);  // in place, for all handles

inline Body* take_body(ThreadState& t) {
  Body* b = t.free_bodies;
  if (!b) [[unlikely]] {
    b = new_body();
  } else {
    t.free_bodies = reinterpret_cast<Body*>(b->node);
    --t.n_free_bodies;
  }
  b->refs.set(1);
  b->epoch = 0;
  return b;
}
inline void drop_body(Body* b) {
  if (!b || !b->refs.down()) return;
  if (b->storage) release(b->storage);
  ThreadState& t = thread_state();
  if (!caching || t.n_free_bodies >= free_bodies_limit) [[unlikely]]
    return delete_body(b);
  b->node = reinterpret_cast<Node*>(t.free_bodies);
  t.free_bodies = b;
  ++t.n_free_bodies;
}
}  // namespace detail

// An array of up to eight axes on one device, or nothing (default-constructed). Copying copies the handle;
// `copy` copies the data. Values do not change, unless something writes in place: mutable_data, axpy,
// assign.
//
// Errors of every member: on an empty array, Error from the checked ones (item, data, to_vector, detach); the
// plain accessors require one that is not.
class PLUGRAD_PUBLIC Array {
 public:
  Array() noexcept = default;
  // A scalar of the default dtype (float32) on the default device.
  explicit Array(double value);
  Array(const Array& o) noexcept : body_(o.body_) {
    if (body_) body_->refs.up();
  }
  Array(Array&& o) noexcept : body_(std::exchange(o.body_, nullptr)) {}
  Array& operator=(const Array& o) noexcept {
    if (o.body_) o.body_->refs.up();
    detail::drop_body(std::exchange(body_, o.body_));
    return *this;
  }
  Array& operator=(Array&& o) noexcept {
    std::swap(body_, o.body_);
    return *this;
  }
  ~Array() { detail::drop_body(body_); }
  void reset() { detail::drop_body(std::exchange(body_, nullptr)); }
  explicit operator bool() const { return body_ != nullptr; }

  // Copies `values`, row-major, to an array of dtype dtype_of<T>() on `device` (default: default_device()).
  // ShapeError where their number is not the shape's.
  template <class T>
  static Array from_data(std::span<const T> values, const Shape& shape, Device device);
  template <class T>
  static Array from_data(std::span<const T> values, const Shape& shape);
  template <class T>
  static Array from_data(const std::vector<T>& values, const Shape& shape) {
    return from_data(std::span<const T>(values), shape);
  }
  template <class T>
  static Array from_data(std::initializer_list<T> values, const Shape& shape) {
    return from_data(std::span<const T>(values.begin(), values.size()), shape);
  }
  template <class T>
  static Array from_data(std::initializer_list<T> values) {
    return from_data(values, Shape{static_cast<int64_t>(values.size())});
  }

  int ndim() const { return body_->view.ndim; }
  const int64_t* dims() const { return body_->dims; }
  const int64_t* strides() const { return body_->strides; }  // in elements
  int64_t dim(int axis) const;                               // negative counts from the end; ShapeError
  Shape shape() const { return Shape(body_->dims, body_->view.ndim); }
  int64_t size() const {
    int64_t n = 1;
    for (int i = 0; i < ndim(); ++i) n *= dims()[i];
    return n;
  }
  DType dtype() const { return body_->dtype; }
  Device device() const { return body_->device; }
  bool contiguous() const { return body_->contiguous; }

  // The first element, in host memory; the rest follow by strides(). DTypeError for another type than the
  // array's, DeviceError where the data is not in host memory.
  template <class T>
  const T* data() const {
    check_access(dtype_of<T>(), "data");
    return reinterpret_cast<const T*>(raw());
  }
  // The same for writing. Counts as an overwrite: a tape that still needs the old values raises at backward.
  template <class T>
  T* mutable_data() {
    check_access(dtype_of<T>(), "mutable_data");
    overwritten_by(nullptr);
    return reinterpret_cast<T*>(raw());
  }
  // The one element, converted. ShapeError where there is not exactly one. Waits for the device.
  template <class T = double>
  T item() const;
  // All elements, row-major, as they are: DTypeError for another type. Waits for the device.
  template <class T>
  std::vector<T> to_vector() const;

  // The same values on `device`, differentiable; the same array where it is there already.
  Array to(Device device) const;
  // The same storage, off the tape: a constant.
  Array detach() const;
  // Element or sub-array `index` along the first axis (negative counts from the end): a view. ShapeError.
  // A template, so that braces, as in x[{0}], are always those of a list.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Array operator[](T index) const {
    return at(static_cast<int64_t>(index));
  }
  // x[{0, range(1, -1, 2), ellipsis, new_axis, index, mask}] with NumPy's meaning (core/index.h): a view
  // where no index is an array, else a copy. ShapeError, DTypeError. Ops define it, ops/subscript.cpp.
  Array operator[](std::initializer_list<Index> indices) const;
  Array operator[](const Index& index) const;

  // ---- for the core and its ops ----
  static Array empty(detail::ThreadState& t, const int64_t* dims, int ndim, DType dtype, Device device) {
    Body* b = detail::take_body(t);
    Array a(b);
    b->storage = nullptr;
    int64_t n = 1;
    for (int i = ndim; i-- > 0;) {
      b->dims[i] = dims[i];
      b->strides[i] = n;
      n *= dims[i];
    }
    b->storage = detail::allocate(t, device, static_cast<size_t>(n) * size_of(dtype));
    b->dtype = dtype;
    b->contiguous = true;
    b->device = device;
    b->view.data = b->storage->data;
    b->view.device = {detail::device_type[device.backend], device.ordinal};
    b->view.ndim = ndim;
    b->view.dtype = to_dlpack(dtype);
    b->view.byte_offset = 0;
    return a;
  }
  static Array empty(const Shape& shape, DType dtype, Device device) {
    return empty(detail::thread_state(), shape.data(), shape.ndim(), dtype, device);
  }
  // A row-sparse array, whose storage is taken over.
  static Array from_storage(const Shape& shape, DType dtype, Storage* storage);
  // Another view of the same storage; `offset` elements from this one's first. The caller keeps it inside.
  Array view(const int64_t* dims, const int64_t* strides, int ndim, int64_t offset = 0) const;
  const DLTensor& tensor() const { return body_->view; }
  Storage* storage() const { return body_->storage; }
  bool unique() const { return body_->refs.unique() && body_->storage->refs.unique(); }
  Node* node() const { return body_->node; }
  int output() const { return body_->output; }
  uint64_t epoch() const { return body_->epoch; }
  void set_node(Node* node, int output, uint64_t epoch) {
    body_->node = node;
    body_->output = static_cast<uint8_t>(output);
    body_->epoch = epoch;
  }
  void overwritten_by(const Row* op) {
    if (epoch() == detail::row_sparse_epoch) detail::become_dense(*body_, *this);
    ++body_->storage->version;
    body_->storage->writer = op;
  }

 private:
  explicit Array(Body* b) : body_(b) {}
  Array at(int64_t index) const;
  char* raw() const {
    if (epoch() == detail::row_sparse_epoch) [[unlikely]]
      return detail::dense_data(*this);
    return static_cast<char*>(body_->view.data) + body_->view.byte_offset;
  }
  void check_access(DType dtype, const char* what) const;
  static Array from_bytes(const void* data, int64_t count, const Shape& shape, DType dtype, Device device);
  void item_into(void* element) const;
  void bytes_into(void* elements) const;
  Body* body_ = nullptr;
};

// The array as NumPy prints it: eight digits, aligned columns, long ones summarised.
PLUGRAD_PUBLIC std::string to_string(const Array& x);
PLUGRAD_PUBLIC std::ostream& operator<<(std::ostream& os, const Array& x);

template <class T>
Array Array::from_data(std::span<const T> values, const Shape& shape, Device device) {
  return from_bytes(values.data(), static_cast<int64_t>(values.size()), shape, dtype_of<T>(), device);
}
template <class T>
Array Array::from_data(std::span<const T> values, const Shape& shape) {
  return from_data(values, shape, default_device());
}
template <class T>
T Array::item() const {
  alignas(8) unsigned char element[8];
  item_into(element);
  T result{};
  with_type(dtype(), [&](auto v) {
    std::memcpy(&v, element, sizeof v);
    result = static_cast<T>(v);
  });
  return result;
}
template <class T>
std::vector<T> Array::to_vector() const {
  static_assert(!std::same_as<T, bool>,
                "plugrad: std::vector<bool> has no elements to copy to; cast to int32 first");
  if (dtype() != dtype_of<T>()) check_access(dtype_of<T>(), "to_vector");
  std::vector<T> v(static_cast<size_t>(size()));
  bytes_into(v.data());
  return v;
}

}  // namespace plugrad

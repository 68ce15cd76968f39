// Walks over what the strides of a descriptor reach, and over nothing else.
#include "plugrad/tests/cuda_emulation/cudnn/operand.h"

#include <algorithm>
#include <string>

#include "plugrad/tests/cuda_emulation/device_memory.h"
#include "plugrad/tests/cuda_emulation/library/tf32.h"

namespace plugrad::cuda_emulation::cudnn {

Operand::Operand(const Filter& w, const void* data, const char* name)
    : shape_{w.type, w.ndim, {}, {}}, data_(data), name_(name) {
  std::copy_n(w.dims, w.ndim, shape_.dims);
  int stride = 1;
  for (int i = w.ndim; i-- > 0; stride *= w.dims[i]) shape_.strides[i] = stride;
}

// Calls f(offset in elements), row-major, for tensors of four axes.
template <class F>
void Operand::for_each_offset(F f) const {
  const int *d = shape_.dims, *s = shape_.strides;
  const auto at = [s](int axis, int64_t i) { return i * s[axis]; };
  for (int64_t n = 0; n < d[0]; ++n)
    for (int64_t c = 0; c < d[1]; ++c)
      for (int64_t i = 0; i < d[2]; ++i)
        for (int64_t j = 0; j < d[3]; ++j) f(at(0, n) + at(1, c) + at(2, i) + at(3, j));
}

bool Operand::check(bool write, const char* call) const {
  const std::string what = std::string(call) + " " + name_;
  const size_t item = bytes_of(shape_.type);
  if (shape_.packed_from(0))
    return check_range(data_, static_cast<size_t>(shape_.size()) * item, write, what.c_str());
  bool good = true;
  for_each_offset([&](int64_t offset) {
    const char* element = static_cast<const char*>(data_) + offset * static_cast<int64_t>(item);
    good = good && check_range(element, item, write, what.c_str());
  });
  return good;
}

std::vector<double> Operand::read(bool tf32) const {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(shape_.size()));
  if (shape_.type == CUDNN_DATA_DOUBLE) {
    for_each_offset([&](int64_t offset) { values.push_back(static_cast<const double*>(data_)[offset]); });
  } else {
    for_each_offset([&](int64_t offset) {
      const float value = static_cast<const float*>(data_)[offset];
      values.push_back(static_cast<double>(tf32 ? round_to_tf32(value) : value));
    });
  }
  return values;
}

template <class T>
void Operand::write_as(const std::vector<double>& values, const Scaling& scaling) const {
  T* data = static_cast<T*>(const_cast<void*>(data_));
  size_t i = 0;
  for_each_offset([&](int64_t offset) {
    const double result = scaling.alpha * values[i++];
    // "Scaling Parameters": if beta is zero, the output "is not read and can contain any uninitialized data".
    data[offset] = static_cast<T>(
        scaling.beta != 0 ? result + scaling.beta * static_cast<double>(data[offset]) : result);
  });
}

void Operand::write(const std::vector<double>& values, const Scaling& scaling) const {
  if (shape_.type == CUDNN_DATA_DOUBLE) write_as<double>(values, scaling);
  else write_as<float>(values, scaling);
}

Extent Operand::extent() const {
  int64_t last = 0;
  for (int i = 0; i < shape_.ndim; ++i) last += int64_t{shape_.dims[i] - 1} * shape_.strides[i];
  return {data_, static_cast<size_t>(last + 1) * bytes_of(shape_.type)};
}

}  // namespace plugrad::cuda_emulation::cudnn

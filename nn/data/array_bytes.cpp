// Moving elements between arrays and bytes, one C++ type at a time.
#include "plugrad/nn/data/array_bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "plugrad/ops/ops.h"

namespace plugrad::files {
namespace {

template <class T>
void append(Bytes& out, const std::vector<T>& values) {
  out.resize(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(out.data(), values.data(), out.size());
}

Array bools_from(std::span<const uint8_t> bytes, const Shape& shape) {
  const auto values = std::make_unique<bool[]>(bytes.size());
  std::transform(bytes.begin(), bytes.end(), values.get(), [](uint8_t b) { return b != 0; });
  return Array::from_data(std::span<const bool>(values.get(), bytes.size()), shape);
}

[[noreturn]] void fail_dtype(DType dtype) {
  throw DTypeError(
      fmt::format("array bytes: {} has no host representation; cast to float32 first", name(dtype)));
}

}  // namespace

std::optional<size_t> byte_count(std::span<const int64_t> dims, DType dtype) {
  auto total = static_cast<int64_t>(size_of(dtype));
  bool empty = false;
  for (const int64_t dim : dims) {
    if (dim < 0 || __builtin_mul_overflow(total, std::max<int64_t>(dim, 1), &total)) return std::nullopt;
    empty = empty || dim == 0;
  }
  return empty ? 0 : static_cast<size_t>(total);
}

Bytes to_bytes(const Array& x) {
  Bytes out;
  if (!x) throw Error("array bytes: the array is empty (default-constructed)");
  const bool known = with_type(x.dtype(), [&]<class T>(T) {
    if constexpr (std::is_same_v<T, bool>) {
      const std::vector<int32_t> values = cast(x.detach(), int32).to_vector<int32_t>();
      out.assign(values.begin(), values.end());
    } else {
      append(out, x.to_vector<T>());
    }
  });
  if (!known) fail_dtype(x.dtype());
  return out;
}

Array from_bytes(std::span<const uint8_t> bytes, DType dtype, const Shape& shape) {
  Array result;
  const bool known = with_type(dtype, [&]<class T>(T) {
    if constexpr (std::is_same_v<T, bool>) {
      result = bools_from(bytes, shape);
    } else {
      std::vector<T> values(bytes.size() / sizeof(T));
      if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
      result = Array::from_data(values, shape);
    }
  });
  if (!known) fail_dtype(dtype);
  return result;
}

void check_bools(const FileBytes& file, size_t offset, size_t count) {
  const auto first = file.bytes.begin() + static_cast<std::ptrdiff_t>(offset);
  const auto bad =
      std::find_if(first, first + static_cast<std::ptrdiff_t>(count), [](uint8_t b) { return b > 1; });
  if (bad != first + static_cast<std::ptrdiff_t>(count))
    file.fail(static_cast<size_t>(bad - file.bytes.begin()), fmt::format("a bool is 0 or 1, not {}", *bad));
}

}  // namespace plugrad::files

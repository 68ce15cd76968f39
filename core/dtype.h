// The types of elements, and the one table that says which type two of them promote to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "plugrad/core/abi.h"
#include "plugrad/core/export.h"

namespace plugrad {

// In the order of promotion: the later of two wins, but for float16 and bfloat16 together, which give
// float32.
enum class DType : uint8_t { bool_, int32, int64, float16, bfloat16, float32, float64 };
inline constexpr int n_dtypes = 7;

inline constexpr DType float32 = DType::float32, float64 = DType::float64, int32 = DType::int32,
                       int64 = DType::int64, bool_ = DType::bool_;

namespace detail {
struct DTypeFacts {
  DLDataType dl;
  const char* name;
};
inline constexpr DTypeFacts dtype_facts[n_dtypes] = {
    {{PLUGRAD_DL_BOOL, 8, 1}, "bool"}, {{kDLInt, 32, 1}, "int32"},       {{kDLInt, 64, 1}, "int64"},
    {{kDLFloat, 16, 1}, "float16"},    {{kDLBfloat, 16, 1}, "bfloat16"}, {{kDLFloat, 32, 1}, "float32"},
    {{kDLFloat, 64, 1}, "float64"}};
}  // namespace detail

constexpr DLDataType to_dlpack(DType d) { return detail::dtype_facts[static_cast<int>(d)].dl; }
constexpr size_t size_of(DType d) { return to_dlpack(d).bits / 8; }
constexpr std::string_view name(DType d) { return detail::dtype_facts[static_cast<int>(d)].name; }
constexpr bool is_floating(DType d) { return d >= DType::float16; }
constexpr bool is_integer(DType d) { return d == DType::int32 || d == DType::int64; }

// The dtype of an operation on arrays of `a` and `b`: the wider of the two in the order bool, int32, int64,
// float16 or bfloat16, float32, float64. An integer meets a floating type in the floating type, as in PyTorch
// and JAX.
constexpr DType promote(DType a, DType b) {
  const bool two_halves =
      (a == DType::float16 && b == DType::bfloat16) || (a == DType::bfloat16 && b == DType::float16);
  return two_halves ? DType::float32 : a > b ? a : b;
}

// A set of dtypes, one bit each.
using DTypeSet = uint8_t;
constexpr DTypeSet set_of(DType d) { return static_cast<DTypeSet>(1u << static_cast<int>(d)); }
inline constexpr DTypeSet floating = 0x78, integers = 0x06, numbers = 0x7e, any_dtype = 0x7f, booleans = 0x01;

// The dtype of a C++ type: bool, int32_t, int64_t (any integer of 8 bytes), float, double.
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, bool>) return DType::bool_;
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 4) return DType::int32;
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 8) return DType::int64;
  else if constexpr (std::is_same_v<T, float>) return DType::float32;
  else {
    static_assert(std::is_same_v<T, double>, "plugrad: no dtype for this C++ type");
    return DType::float64;
  }
}

// Calls f(T{}) with the C++ type of `d`; float16 and bfloat16 have none yet, and call nothing: false.
template <class F>
bool with_type(DType d, F&& f) {
  switch (d) {
    case DType::bool_:
      return f(bool{}), true;
    case DType::int32:
      return f(int32_t{}), true;
    case DType::int64:
      return f(int64_t{}), true;
    case DType::float32:
      return f(float{}), true;
    case DType::float64:
      return f(double{}), true;
    default:
      return false;
  }
}

}  // namespace plugrad

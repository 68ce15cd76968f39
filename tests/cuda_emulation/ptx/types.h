// The types of PTX, and how registers hold them: in the low bits, sign-extended if signed.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "plugrad/tests/cuda_emulation/device_thread.h"

namespace plugrad::cuda_emulation::ptx {

enum class Type : uint8_t {
  B8,
  B16,
  B32,
  B64,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  Bf16,
  Bf16x2,
  F32,
  F64,
  Pred
};

std::optional<Type> parse_type(std::string_view name);
uint8_t size_of(Type type);
bool is_float(Type type);
bool is_signed(Type type);

// Half and Bfloat16 are kept as bits: their arithmetic goes through wider types.
struct Half {
  uint16_t bits;
  float value() const { return __half2float(std::bit_cast<__half>(bits)); }
  static Half round(double v) { return {std::bit_cast<uint16_t>(__double2half(v))}; }
};
struct Bfloat16 {
  uint16_t bits;
  float value() const { return std::bit_cast<float>(uint32_t{bits} << 16); }
  static Bfloat16 round(double v) { return {std::bit_cast<uint16_t>(__double2bfloat16(v))}; }
};
struct Predicate {
  bool value;
};

template <class T>
inline T get(const DeviceThread& t, Slot slot) {
  const uint64_t bits = t.registers[slot];
  if constexpr (std::is_integral_v<T>) return static_cast<T>(bits);
  else if constexpr (std::is_same_v<T, float>) return std::bit_cast<float>(static_cast<uint32_t>(bits));
  else if constexpr (std::is_same_v<T, double>) return std::bit_cast<double>(bits);
  else if constexpr (std::is_same_v<T, Predicate>) return {(bits & 1) != 0};
  else return {static_cast<uint16_t>(bits)};
}

template <class T>
inline uint64_t to_register(T value) {
  if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) return static_cast<uint64_t>(int64_t{value});
  else if constexpr (std::is_integral_v<T>) return value;
  else if constexpr (std::is_same_v<T, float>) return std::bit_cast<uint32_t>(value);
  else if constexpr (std::is_same_v<T, double>) return std::bit_cast<uint64_t>(value);
  else if constexpr (std::is_same_v<T, Predicate>) return value.value;
  else return value.bits;
}

template <class T>
inline void put(DeviceThread& t, Slot slot, T value) {
  t.registers[slot] = to_register(value);
}

template <class T>
struct Tag {
  using Value = T;
};

// f(Tag<T>{}) for the C++ type of an integer or bit type; a null handler for any other.
template <class F>
Handler with_integer(Type type, F f) {
  switch (type) {
    case Type::B8:
    case Type::U8:
      return f(Tag<uint8_t>{});
    case Type::S8:
      return f(Tag<int8_t>{});
    case Type::B16:
    case Type::U16:
      return f(Tag<uint16_t>{});
    case Type::S16:
      return f(Tag<int16_t>{});
    case Type::B32:
    case Type::U32:
      return f(Tag<uint32_t>{});
    case Type::S32:
      return f(Tag<int32_t>{});
    case Type::B64:
    case Type::U64:
      return f(Tag<uint64_t>{});
    case Type::S64:
      return f(Tag<int64_t>{});
    default:
      return nullptr;
  }
}

template <class F>
Handler with_float(Type type, F f) {
  switch (type) {
    case Type::F16:
      return f(Tag<Half>{});
    case Type::Bf16:
      return f(Tag<Bfloat16>{});
    case Type::F32:
      return f(Tag<float>{});
    case Type::F64:
      return f(Tag<double>{});
    default:
      return nullptr;
  }
}

template <class F>
Handler with_number(Type type, F f) {
  const Handler handler = with_integer(type, f);
  return handler ? handler : with_float(type, f);
}

}  // namespace plugrad::cuda_emulation::ptx

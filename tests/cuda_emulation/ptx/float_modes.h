// Rounding modes, flush-to-zero and saturation of floating-point instructions, and the one path that applies
// them.
#pragma once

#include <cfenv>
#include <cmath>
#include <limits>

#include "plugrad/tests/cuda_emulation/ptx/decoder.h"

namespace plugrad::cuda_emulation::ptx {

// Bits of Instruction::mode: the rounding in the lowest two.
enum FloatMode : uint8_t {
  RoundNearest = 0,
  RoundZero = 1,
  RoundDown = 2,
  RoundUp = 3,
  Rounding = 3,
  Ftz = 4,
  Sat = 8,
  Relu = 16,
  NanWins = 32
};

uint8_t take_float_mode(Statement& s);

class ScopedRounding {
 public:
  explicit ScopedRounding(uint8_t mode);
  ~ScopedRounding() {
    if (changed_) std::fesetround(FE_TONEAREST);
  }
  ScopedRounding(const ScopedRounding&) = delete;
  ScopedRounding& operator=(const ScopedRounding&) = delete;

 private:
  bool changed_;
};

template <class T>
T flush(T v) {
  return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(T(0), v) : v;
}

// "+0.0 for NaN, else clamped to [0, 1]" (PTX ISA, .sat)
template <class T>
T saturate(T v) {
  return v > T(0) ? (v < T(1) ? v : T(1)) : T(0);
}

// All NaNs that single-precision instructions make are one (PTX ISA, add: "NaN payloads are not preserved").
inline float canonical(float v) { return v == v ? v : std::bit_cast<float>(0x7fffffffu); }
inline double canonical(double v) { return v; }

template <class T>
T round_to(double v) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, Bfloat16>) return T::round(v);
  else return static_cast<T>(v);
}

// What the instruction computes in: halves in double, where one operation is exact but for the final
// rounding.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, float, double>;
template <class T>
Wide<T> widen(T v) {
  if constexpr (std::is_floating_point_v<T>) return v;
  else return v.value();
}

template <class T>
Wide<T> input(T v, uint8_t mode) {
  return mode & Ftz ? flush(widen(v)) : widen(v);
}

template <class T>
T finish(Wide<T> v, uint8_t mode) {
  if (mode & Ftz) v = flush(v);
  if (mode & Sat) v = saturate(v);
  if ((mode & Relu) && !(v > 0)) v = v == v ? Wide<T>(0) : v;
  if constexpr (std::is_same_v<T, float>) return canonical(v);
  else return round_to<T>(v);
}

}  // namespace plugrad::cuda_emulation::ptx

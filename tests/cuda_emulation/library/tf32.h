// What tensor cores make of a float32 operand where a math mode lets them: TF32, with 10 bits of mantissa.
#pragma once

#include <bit>
#include <cstdint>

namespace plugrad::cuda_emulation {

// Rounds to nearest, ties away from zero, as the PTX instruction cvt.rna.tf32.f32 does.
inline float round_to_tf32(float x) {
  constexpr uint32_t exponent = 0x7f800000, half = 0x1000, dropped = 0x1fff;
  const auto bits = std::bit_cast<uint32_t>(x);
  if ((bits & exponent) == exponent) return x;  // infinite or not a number
  return std::bit_cast<float>((bits + half) & ~dropped);
}

// Whether the device has tensor cores for TF32: compute capability 8.0 and later.
bool has_tf32(int device);

}  // namespace plugrad::cuda_emulation

// Reading the modes off the modifiers.
#include "plugrad/tests/cuda_emulation/ptx/float_modes.h"

namespace plugrad::cuda_emulation::ptx {

uint8_t take_float_mode(Statement& s) {
  auto mode = static_cast<uint8_t>(s.take_one({"rn", "rz", "rm", "rp"}, 0));
  if (s.take("ftz")) mode |= Ftz;
  if (s.take("sat")) mode |= Sat;
  if (s.take("relu")) mode |= Relu;
  if (s.take("NaN")) mode |= NanWins;
  return mode;
}

ScopedRounding::ScopedRounding(uint8_t mode) : changed_((mode & Rounding) != 0) {
  constexpr int kModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  if (changed_) std::fesetround(kModes[mode & Rounding]);
}

}  // namespace plugrad::cuda_emulation::ptx

// Indices that must lie in a range: what is said where they do not.
#pragma once

#include <cstdint>
#include <string>

#include "plugrad/core/plugin.hpp"

namespace plugrad::cpu {

[[noreturn, gnu::cold, gnu::noinline]] inline void out_of_range(int64_t index, int64_t n, const char* what) {
  throw plugin::Failure(PLUGRAD_BAD_SHAPE, "index " + std::to_string(index) + " out of range for " +
                                               std::to_string(n) + " " + what);
}

// An index of one of n elements; negative ones count from the end where they may.
inline int64_t checked_index(int64_t index, int64_t n, bool from_end) {
  const int64_t i = from_end && index < 0 ? index + n : index;
  if (i < 0 || i >= n) out_of_range(index, n, "elements");
  return i;
}

}  // namespace plugrad::cpu

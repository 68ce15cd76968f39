// What the tests count: launches, copies, and every call that makes the host wait.
#pragma once

#include <cstdint>
#include <string_view>

#include "plugrad/tests/cuda_emulation/export.h"

namespace plugrad::cuda_emulation {

enum class Counter {
  Launches,
  Instructions,
  LibraryCalls,
  Synchronisations,
  Allocations,
  Frees,
  Copies,
  Events
};

PLUGRAD_CUDA_EMULATION_API void count(Counter counter, uint64_t n = 1);
// By its name in control.h; 0 for a name that is none.
uint64_t counter(std::string_view name);

}  // namespace plugrad::cuda_emulation

// A backend whose memory the host cannot touch: addresses that fault, reached through its copy function
// alone. It has no kernels but `copy`, and finds what only a device would show.
#pragma once

#include <cstdint>

#include <vector>

#include "plugrad/core/backend.h"

namespace plugrad::tests {

inline constexpr const char* simulated_name = "simulated";

struct SimulatedState {
  int64_t allocations = 0, deallocations = 0, synchronisations = 0, cache_releases = 0;
  std::vector<void*> shared = {};  // what `share` was called with
  bool fail = false;               // makes each function fail, with a message
  void* stream;                    // of simulated:1
};

// Links the backend, once in a process. It has two devices; memory_limit bytes are the most one of them
// allocates.
SimulatedState& simulated_backend();
inline constexpr size_t simulated_memory_limit = size_t{1} << 30;
// What simulated:1 gives as its stream unless told otherwise.
void* simulated_stream();

// A backend in host memory without any kernels, linked once in a process.
inline constexpr const char* bare_name = "bare";
void bare_backend();

}  // namespace plugrad::tests

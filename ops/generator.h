// Where random numbers come from: a seed and how many draws were made. Counter-based, so it is all the state
// there is.
#pragma once

#include <cstdint>

#include "plugrad/core/export.h"

namespace plugrad {

struct Generator {
  uint64_t seed = 0;
  uint64_t offset = 0;  // of the next draw; each draw of an array counts one
};

// The calling thread's own; starts with seed 0.
PLUGRAD_PUBLIC Generator& default_generator();
// Restarts it.
PLUGRAD_PUBLIC void set_seed(uint64_t seed);

}  // namespace plugrad

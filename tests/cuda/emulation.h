// What a test asks of the emulation of CUDA that it runs under; on a GPU there is none.
#pragma once

#include <dlfcn.h>

#include <cstdint>

#include "plugrad/tests/cuda_emulation/control.h"

namespace plugrad::tests {

#define PLUGRAD_EMULATION(name) \
  reinterpret_cast<decltype(&cuda_emulation_##name)>(dlsym(RTLD_DEFAULT, "cuda_emulation_" #name))

inline bool is_emulated() { return PLUGRAD_EMULATION(counter) != nullptr; }
inline uint64_t emulation_counter(const char* name) { return PLUGRAD_EMULATION(counter)(name); }
inline void fail_later(const char* call, int nth, int status) { PLUGRAD_EMULATION(fail)(call, nth, status); }

}  // namespace plugrad::tests

// For the tests of what only the emulation can bring about or count.
#define PLUGRAD_NEEDS_EMULATION() \
  if (!plugrad::tests::is_emulated()) GTEST_SKIP() << "not under the emulation of CUDA"

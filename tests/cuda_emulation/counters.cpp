// The counters, which any host thread may raise.
#include "plugrad/tests/cuda_emulation/counters.h"

#include <array>
#include <atomic>
#include <cstddef>

namespace plugrad::cuda_emulation {
namespace {

constexpr std::array<std::string_view, 8> kNames = {"launches",         "instructions", "library_calls",
                                                    "synchronisations", "allocations",  "frees",
                                                    "copies",           "events"};
std::array<std::atomic<uint64_t>, kNames.size()> counters;

}  // namespace

void count(Counter counter, uint64_t n) {
  counters[static_cast<size_t>(counter)].fetch_add(n, std::memory_order_relaxed);
}

uint64_t counter(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return counters[i].load(std::memory_order_relaxed);
  return 0;
}

}  // namespace plugrad::cuda_emulation

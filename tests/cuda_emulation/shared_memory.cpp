// One reservation for all blocks, which run one after another.
#include "plugrad/tests/cuda_emulation/shared_memory.h"

#include <cstring>

#include "plugrad/tests/cuda_emulation/reserve.h"

namespace plugrad::cuda_emulation {

SharedMemory& SharedMemory::instance() {
  static auto* const instance = new SharedMemory;
  return *instance;
}

SharedMemory::SharedMemory()
    : base_(reinterpret_cast<uint64_t>(reserve(kSharedWindow))),
      states_(static_cast<ByteState*>(reserve(kSharedWindow))),
      cells_(kSharedWindow) {}

void SharedMemory::set(const std::vector<ptx::SharedRange>& variables, uint32_t dynamic_bytes,
                       ByteState state) const {
  constexpr int kGarbage = 0xcd;
  for (const ptx::SharedRange& v : variables) {
    std::memset(states(v.offset), static_cast<int>(state), v.bytes);
    std::memset(data(v.offset), kGarbage, v.bytes);
  }
  std::memset(states(kDynamicShared), static_cast<int>(state), dynamic_bytes);
  std::memset(data(kDynamicShared), kGarbage, dynamic_bytes);
}

}  // namespace plugrad::cuda_emulation

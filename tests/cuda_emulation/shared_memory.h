// The shared memory of the block that runs: static variables below, dynamic memory from kDynamicShared on.
#pragma once

#include <cstdint>
#include <vector>

#include "plugrad/tests/cuda_emulation/arena.h"
#include "plugrad/tests/cuda_emulation/ptx/instruction.h"
#include "plugrad/tests/cuda_emulation/races.h"

namespace plugrad::cuda_emulation {

constexpr uint32_t kDynamicShared = 1 << 24;
constexpr uint32_t kSharedWindow = kDynamicShared + (1 << 20);
constexpr uint32_t kSharedGuard = 64;  // bytes left free around each static variable

class SharedMemory {
 public:
  static SharedMemory& instance();

  bool contains(uint64_t address) const { return address - base_ < kSharedWindow; }
  uint64_t base() const { return base_; }
  unsigned char* data(uint32_t offset) const { return reinterpret_cast<unsigned char*>(base_ + offset); }
  ByteState* states(uint32_t offset) const { return states_ + offset; }
  const Cells& cells() const { return cells_; }

  // For each block: the variables of the kernel, uninitialised.
  void set(const std::vector<ptx::SharedRange>& variables, uint32_t dynamic_bytes, ByteState state) const;

 private:
  SharedMemory();

  uint64_t base_;
  ByteState* states_;
  Cells cells_;
};

}  // namespace plugrad::cuda_emulation

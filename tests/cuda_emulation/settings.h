// How the emulated device behaves: read once from CUDA_EMULATION_* variables; order, seed and laziness may
// change later.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace plugrad::cuda_emulation {

enum class Order { Forward, Reverse, Random };

struct Settings {
  Order order;  // of the blocks of a grid, and of the threads of a block
  bool lazy;    // streams run only when something waits for them
  std::mt19937_64 random;
  int capability;   // ten times the compute capability: 75
  uint64_t memory;  // bytes of each device
  int devices;
  int driver;             // as cudaDriverGetVersion counts: 13000
  uint64_t instructions;  // a block that runs more is taken to hang

  void set_order(std::string_view name);
};

constexpr int kRuntimeVersion = 13000;

Settings& settings();

}  // namespace plugrad::cuda_emulation

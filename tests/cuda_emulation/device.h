// The emulated devices: which is current, and what they can do.
#pragma once

#include <cuda_runtime_api.h>

namespace plugrad::cuda_emulation {

int current_device();  // of the calling host thread
bool device_exists(int device);

// Programming Guide, Technical Specifications per Compute Capability.
struct DeviceLimits {
  int multiprocessors;
  int threads_per_multiprocessor;
  int blocks_per_multiprocessor;
  int shared_per_block;
  int shared_per_block_opt_in;
  int shared_per_multiprocessor;
  int registers;
};
DeviceLimits device_limits();

}  // namespace plugrad::cuda_emulation

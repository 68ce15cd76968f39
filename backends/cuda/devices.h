// The GPUs: how many, what they can do, and which one the calling thread works on.
#pragma once

#include <cstdint>

namespace plugrad::cuda {

inline constexpr int max_devices = 16;
// What the kernels are compiled for at least.
inline constexpr int oldest_capability = 75;

// How many there are. Throws Failure (PLUGRAD_DEVICE_FAILED) where that can't be told: without a driver, or
// with one too old for this build.
int device_count();

// Makes `ordinal` the device that the calling thread's CUDA calls are for. Throws Failure: there is no such
// device, or it is older than compute capability 7.5.
void select_device(int ordinal);
// The one selected last by the calling thread.
int current_device();

// Of the current device; asked once for each.
struct DeviceLimits {
  int processors;             // streaming multiprocessors
  int threads_per_processor;  // resident at once
};
const DeviceLimits& device_limits();

}  // namespace plugrad::cuda

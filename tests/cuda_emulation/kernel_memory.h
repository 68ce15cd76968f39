// Loads and stores of kernels: from an address in one of PTX's state spaces to bytes of the host, with every
// check.
#pragma once

#include <cstdint>

#include "plugrad/tests/cuda_emulation/device_thread.h"
#include "plugrad/tests/cuda_emulation/races.h"

namespace plugrad::cuda_emulation {

// Null when the thread must not go on: it was reported, and the launch has failed.
unsigned char* global_memory(DeviceThread& thread, uint64_t address, uint32_t bytes, AccessKind kind);
unsigned char* shared_memory(DeviceThread& thread, uint32_t offset, uint32_t bytes, AccessKind kind);
unsigned char* local_memory(DeviceThread& thread, uint64_t offset, uint32_t bytes, AccessKind kind);
unsigned char* parameter_memory(DeviceThread& thread, uint64_t offset, uint32_t bytes, AccessKind kind);
// Finds out which of them a generic address belongs to.
unsigned char* generic_memory(DeviceThread& thread, uint64_t address, uint32_t bytes, AccessKind kind);

}  // namespace plugrad::cuda_emulation

// What a GPU's memory, and the host's pinned memory for copies to and from it, is taken from.
#pragma once

#include "plugrad/backends/common/caching_allocator.h"

namespace plugrad::cuda {

struct DeviceMemory {
  plugin::CachingAllocator device, pinned;
};

// Of the GPU `ordinal`. Never destroyed: arrays of static objects may outlive everything else.
DeviceMemory& device_memory(int ordinal);

}  // namespace plugrad::cuda

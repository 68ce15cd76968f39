// Allocation on the device and of page-locked host memory.
#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>

#include "plugrad/tests/cuda_emulation/arena.h"
#include "plugrad/tests/cuda_emulation/counters.h"
#include "plugrad/tests/cuda_emulation/device.h"
#include "plugrad/tests/cuda_emulation/errors.h"
#include "plugrad/tests/cuda_emulation/export.h"
#include "plugrad/tests/cuda_emulation/pinned_memory.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/stream_state.h"

using namespace plugrad::cuda_emulation;

namespace {

cudaError_t allocate_pinned(void** p, size_t bytes) {
  if (!p) return cudaErrorInvalidValue;
  count(Counter::Synchronisations);  // it may wait for the device, as cudaMalloc
  *p = bytes ? std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096) : nullptr;
  if (bytes && !*p) return cudaErrorMemoryAllocation;
  if (bytes) {
    std::memset(*p, 0xcd, bytes);
    add_pinned(*p, bytes);
  }
  return cudaSuccess;
}

}  // namespace

extern "C" {

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMalloc(void** p, size_t bytes) {
  return api("cudaMalloc", [&] {
    if (!p) return cudaErrorInvalidValue;
    *p = nullptr;
    if (bytes == 0) return cudaSuccess;
    count(Counter::Synchronisations);
    count(Counter::Allocations);
    *p = reinterpret_cast<void*>(Arena::instance().allocate(bytes, current_device()));
    return *p ? cudaSuccess : cudaErrorMemoryAllocation;
  });
}

// Waits for the whole device first: "implicit synchronization" (Best Practices Guide, Memory Allocation).
PLUGRAD_CUDA_EMULATION_API cudaError_t cudaFree(void* p) {
  return api("cudaFree", [&] {
    if (!p) return cudaSuccess;
    count(Counter::Synchronisations);
    count(Counter::Frees);
    drain_all();
    const auto address = reinterpret_cast<uint64_t>(p);
    if (Arena::instance().release(address)) return sticky_error();
    report("bad-free", "cudaFree({}): {}, which is not the start of a live allocation", p,
           Arena::instance().describe(address));
    return cudaErrorInvalidValue;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMallocHost(void** p, size_t bytes) {
  return api("cudaMallocHost", [&] { return allocate_pinned(p, bytes); });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaHostAlloc(void** p, size_t bytes, unsigned) {
  return api("cudaHostAlloc", [&] { return allocate_pinned(p, bytes); });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaFreeHost(void* p) {
  return api("cudaFreeHost", [&] {
    if (!p) return cudaSuccess;
    const bool known = remove_pinned(p);
    drain_all();  // what was enqueued may use it still
    if (!known) {
      report("bad-free", "cudaFreeHost({}): not the start of page-locked memory", p);
      return cudaErrorInvalidValue;
    }
    std::free(p);
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaHostRegister(void* p, size_t bytes, unsigned) {
  return api("cudaHostRegister", [&] {
    if (!p || bytes == 0) return cudaErrorInvalidValue;
    if (is_pinned(p, 1)) return cudaErrorHostMemoryAlreadyRegistered;
    add_pinned(p, bytes);
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaHostUnregister(void* p) {
  return api("cudaHostUnregister", [&] {
    const bool known = remove_pinned(p);
    drain_all();
    return known ? cudaSuccess : cudaErrorHostMemoryNotRegistered;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaHostGetDevicePointer(void** device_pointer, void* host, unsigned) {
  return api("cudaHostGetDevicePointer", [&] {
    if (!is_pinned(host, 1)) return cudaErrorInvalidValue;
    *device_pointer = host;
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes,
                                                                const void* p) {
  return api("cudaPointerGetAttributes", [&] {
    std::memset(attributes, 0, sizeof *attributes);
    auto* pointer = const_cast<void*>(p);
    const auto address = reinterpret_cast<uint64_t>(p);
    const Arena& arena = Arena::instance();
    if (const auto device = arena.contains(address) ? arena.device_of(address) : std::nullopt) {
      attributes->type = cudaMemoryTypeDevice;
      attributes->device = *device;
      attributes->devicePointer = pointer;
    } else if (is_pinned(p, 1)) {
      attributes->type = cudaMemoryTypeHost;
      attributes->devicePointer = attributes->hostPointer = pointer;
    } else {
      attributes->type = cudaMemoryTypeUnregistered;
      attributes->device = cudaInvalidDeviceId;
    }
    return cudaSuccess;
  });
}

}  // extern "C"

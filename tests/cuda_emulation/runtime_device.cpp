// Devices, their properties, versions, errors, and what concerns a device as a whole.
#include <cuda_runtime_api.h>

#include <cstring>

#include "plugrad/tests/cuda_emulation/arena.h"
#include "plugrad/tests/cuda_emulation/counters.h"
#include "plugrad/tests/cuda_emulation/device.h"
#include "plugrad/tests/cuda_emulation/errors.h"
#include "plugrad/tests/cuda_emulation/export.h"
#include "plugrad/tests/cuda_emulation/ptx/modules.h"
#include "plugrad/tests/cuda_emulation/settings.h"
#include "plugrad/tests/cuda_emulation/stream_state.h"

namespace plugrad::cuda_emulation {
namespace {

thread_local int device = 0;

void describe(cudaDeviceProp& p) {
  const DeviceLimits limits = device_limits();
  std::memset(&p, 0, sizeof p);
  std::strncpy(p.name, "CPU emulation of CUDA", sizeof p.name - 1);
  p.totalGlobalMem = settings().memory;
  p.sharedMemPerBlock = static_cast<size_t>(limits.shared_per_block);
  p.sharedMemPerBlockOptin = static_cast<size_t>(limits.shared_per_block_opt_in);
  p.sharedMemPerMultiprocessor = static_cast<size_t>(limits.shared_per_multiprocessor);
  p.reservedSharedMemPerBlock = 0;
  p.regsPerBlock = p.regsPerMultiprocessor = limits.registers;
  p.warpSize = 32;
  p.memPitch = 0x7fffffff;
  p.maxThreadsPerBlock = 1024;
  p.maxThreadsDim[0] = p.maxThreadsDim[1] = 1024;
  p.maxThreadsDim[2] = 64;
  p.maxGridSize[0] = 0x7fffffff;
  p.maxGridSize[1] = p.maxGridSize[2] = 65535;
  p.totalConstMem = 64 << 10;
  p.major = settings().capability / 10;
  p.minor = settings().capability % 10;
  p.textureAlignment = 512;
  p.multiProcessorCount = limits.multiprocessors;
  p.maxThreadsPerMultiProcessor = limits.threads_per_multiprocessor;
  p.maxBlocksPerMultiProcessor = limits.blocks_per_multiprocessor;
  p.canMapHostMemory = p.unifiedAddressing = p.concurrentKernels = p.streamPrioritiesSupported = 1;
  p.asyncEngineCount = 1;
  p.l2CacheSize = 4 << 20;
  p.memoryBusWidth = 256;
}

struct AttributeRow {
  cudaDeviceAttr attribute;
  int (*value)(const cudaDeviceProp&);
};

constexpr AttributeRow kAttributes[] = {
    {cudaDevAttrMaxThreadsPerBlock, [](const cudaDeviceProp& p) { return p.maxThreadsPerBlock; }},
    {cudaDevAttrMaxBlockDimX, [](const cudaDeviceProp& p) { return p.maxThreadsDim[0]; }},
    {cudaDevAttrMaxBlockDimY, [](const cudaDeviceProp& p) { return p.maxThreadsDim[1]; }},
    {cudaDevAttrMaxBlockDimZ, [](const cudaDeviceProp& p) { return p.maxThreadsDim[2]; }},
    {cudaDevAttrMaxGridDimX, [](const cudaDeviceProp& p) { return p.maxGridSize[0]; }},
    {cudaDevAttrMaxGridDimY, [](const cudaDeviceProp& p) { return p.maxGridSize[1]; }},
    {cudaDevAttrMaxGridDimZ, [](const cudaDeviceProp& p) { return p.maxGridSize[2]; }},
    {cudaDevAttrMaxSharedMemoryPerBlock,
     [](const cudaDeviceProp& p) { return static_cast<int>(p.sharedMemPerBlock); }},
    {cudaDevAttrMaxSharedMemoryPerBlockOptin,
     [](const cudaDeviceProp& p) { return static_cast<int>(p.sharedMemPerBlockOptin); }},
    {cudaDevAttrMaxSharedMemoryPerMultiprocessor,
     [](const cudaDeviceProp& p) { return static_cast<int>(p.sharedMemPerMultiprocessor); }},
    {cudaDevAttrTotalConstantMemory,
     [](const cudaDeviceProp& p) { return static_cast<int>(p.totalConstMem); }},
    {cudaDevAttrWarpSize, [](const cudaDeviceProp& p) { return p.warpSize; }},
    {cudaDevAttrMaxRegistersPerBlock, [](const cudaDeviceProp& p) { return p.regsPerBlock; }},
    {cudaDevAttrMaxRegistersPerMultiprocessor,
     [](const cudaDeviceProp& p) { return p.regsPerMultiprocessor; }},
    {cudaDevAttrMultiProcessorCount, [](const cudaDeviceProp& p) { return p.multiProcessorCount; }},
    {cudaDevAttrMaxThreadsPerMultiProcessor,
     [](const cudaDeviceProp& p) { return p.maxThreadsPerMultiProcessor; }},
    {cudaDevAttrMaxBlocksPerMultiprocessor,
     [](const cudaDeviceProp& p) { return p.maxBlocksPerMultiProcessor; }},
    {cudaDevAttrComputeCapabilityMajor, [](const cudaDeviceProp& p) { return p.major; }},
    {cudaDevAttrComputeCapabilityMinor, [](const cudaDeviceProp& p) { return p.minor; }},
    {cudaDevAttrL2CacheSize, [](const cudaDeviceProp& p) { return p.l2CacheSize; }},
    {cudaDevAttrAsyncEngineCount, [](const cudaDeviceProp& p) { return p.asyncEngineCount; }},
    {cudaDevAttrUnifiedAddressing, [](const cudaDeviceProp& p) { return p.unifiedAddressing; }},
    {cudaDevAttrCanMapHostMemory, [](const cudaDeviceProp& p) { return p.canMapHostMemory; }},
    {cudaDevAttrConcurrentKernels, [](const cudaDeviceProp& p) { return p.concurrentKernels; }},
    {cudaDevAttrStreamPrioritiesSupported,
     [](const cudaDeviceProp& p) { return p.streamPrioritiesSupported; }},
    {cudaDevAttrGlobalMemoryBusWidth, [](const cudaDeviceProp& p) { return p.memoryBusWidth; }},
    {cudaDevAttrTextureAlignment,
     [](const cudaDeviceProp& p) { return static_cast<int>(p.textureAlignment); }},
};

int attribute(const cudaDeviceProp& properties, cudaDeviceAttr which) {
  for (const AttributeRow& row : kAttributes)
    if (row.attribute == which) return row.value(properties);
  return 0;  // not supported, as 0 says for all features
}

}  // namespace

int current_device() { return device; }
bool device_exists(int number) { return number >= 0 && number < settings().devices; }

DeviceLimits device_limits() {
  constexpr int kKibi = 1024;
  const int capability = settings().capability;
  if (capability < 80) return {4, 1024, 16, 48 * kKibi, 64 * kKibi, 64 * kKibi, 65536};
  if (capability == 80) return {4, 2048, 32, 48 * kKibi, 163 * kKibi, 164 * kKibi, 65536};
  if (capability < 90) return {4, 1536, 16, 48 * kKibi, 99 * kKibi, 100 * kKibi, 65536};
  if (capability < 120) return {4, 2048, 32, 48 * kKibi, 227 * kKibi, 228 * kKibi, 65536};
  return {4, 1536, 24, 48 * kKibi, 99 * kKibi, 100 * kKibi, 65536};
}

}  // namespace plugrad::cuda_emulation

using namespace plugrad::cuda_emulation;

extern "C" {

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaGetDeviceCount(int* n) {
  return api("cudaGetDeviceCount", [&] { return *n = settings().devices, cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaGetDevice(int* number) {
  return api("cudaGetDevice", [&] { return *number = current_device(), cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaSetDevice(int number) {
  return api("cudaSetDevice", [&] {
    if (!device_exists(number)) return cudaErrorInvalidDevice;
    device = number;
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaDriverGetVersion(int* version) {
  return api("cudaDriverGetVersion", Needs::Nothing,
             [&] { return *version = settings().driver, cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaRuntimeGetVersion(int* version) {
  return api("cudaRuntimeGetVersion", Needs::Nothing,
             [&] { return *version = kRuntimeVersion, cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int number) {
  return api("cudaGetDeviceProperties", [&] {
    if (!device_exists(number)) return cudaErrorInvalidDevice;
    describe(*properties);
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int number) {
  return api("cudaDeviceGetAttribute", [&] {
    if (!device_exists(number)) return cudaErrorInvalidDevice;
    cudaDeviceProp properties;
    describe(properties);
    *value = attribute(properties, which);
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaDeviceCanAccessPeer(int* can, int number, int peer) {
  return api("cudaDeviceCanAccessPeer", [&] {
    *can = 0;
    return device_exists(number) && device_exists(peer) ? cudaSuccess : cudaErrorInvalidDevice;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaSetDeviceFlags(unsigned) {
  return api("cudaSetDeviceFlags", [] { return cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaDeviceSynchronize() {
  return api("cudaDeviceSynchronize", [] {
    count(Counter::Synchronisations);
    drain_all();
    return sticky_error();
  });
}

// "Explicitly destroys and cleans up all resources associated with the current device" (cudaDeviceReset).
PLUGRAD_CUDA_EMULATION_API cudaError_t cudaDeviceReset() {
  const std::lock_guard lock(runtime_mutex());
  drain_all();
  drop_pending();
  clear_errors();
  Arena::instance().release_all(current_device());
  ptx::forget_modules();
  return cudaSuccess;
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemGetInfo(size_t* available, size_t* total) {
  return api("cudaMemGetInfo", [&] {
    *total = settings().memory;
    *available = settings().memory - Arena::instance().used(current_device());
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaGetLastError() { return last_error(true); }
PLUGRAD_CUDA_EMULATION_API cudaError_t cudaPeekAtLastError() { return last_error(false); }

}  // extern "C"

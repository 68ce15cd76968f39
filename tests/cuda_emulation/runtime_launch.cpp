// Registration by nvcc's host code, launches, and what can be asked about a kernel.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "plugrad/tests/cuda_emulation/block.h"
#include "plugrad/tests/cuda_emulation/counters.h"
#include "plugrad/tests/cuda_emulation/demangle.h"
#include "plugrad/tests/cuda_emulation/device.h"
#include "plugrad/tests/cuda_emulation/errors.h"
#include "plugrad/tests/cuda_emulation/export.h"
#include "plugrad/tests/cuda_emulation/ptx/modules.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/settings.h"
#include "plugrad/tests/cuda_emulation/stream_state.h"

using namespace plugrad::cuda_emulation;

namespace {

struct CallConfiguration {
  dim3 grid;
  dim3 block;
  size_t shared;
  cudaStream_t stream;
};
thread_local CallConfiguration configuration;  // between <<<...>>> and the stub of the kernel

uint64_t volume(dim3 d) { return uint64_t{d.x} * d.y * d.z; }

uint32_t static_shared(const ptx::Function& function) {
  uint32_t sum = 0;
  for (const ptx::SharedRange& range : function.shared) sum += range.bytes;
  return sum;
}

// Programming Guide, Technical Specifications per Compute Capability.
cudaError_t check_configuration(const ptx::Kernel& kernel, const ptx::Function& function, dim3 grid,
                                dim3 block, size_t shared) {
  constexpr unsigned kGridX = 0x7fffffff, kGridYZ = 65535, kBlockXY = 1024, kBlockZ = 64, kThreads = 1024;
  if (volume(grid) == 0 || volume(block) == 0 || grid.x > kGridX || grid.y > kGridYZ || grid.z > kGridYZ ||
      block.x > kBlockXY || block.y > kBlockXY || block.z > kBlockZ || volume(block) > kThreads)
    return cudaErrorInvalidConfiguration;
  if (function.max_threads != 0 && volume(block) > function.max_threads) return cudaErrorLaunchOutOfResources;
  if (shared > static_cast<size_t>(kernel.max_dynamic_shared) ||
      static_shared(function) + shared > static_cast<size_t>(device_limits().shared_per_block_opt_in) ||
      (kernel.max_dynamic_shared <= device_limits().shared_per_block &&
       static_shared(function) + shared > static_cast<size_t>(device_limits().shared_per_block)))
    return cudaErrorInvalidValue;
  return cudaSuccess;
}

std::shared_ptr<KernelLaunch> make_launch(const ptx::Kernel& kernel, const ptx::Function& function, dim3 grid,
                                          dim3 block, void** arguments, size_t shared) {
  auto launch = std::make_shared<KernelLaunch>();
  launch->function = &function;
  launch->files = &kernel.binary->module->files();
  launch->name = kernel.name;
  launch->grid = grid;
  launch->block = block;
  launch->dynamic_shared = static_cast<uint32_t>(shared);
  launch->parameters.resize(function.parameter_bytes);
  for (size_t i = 0; i < function.parameters.size(); ++i)
    std::memcpy(launch->parameters.data() + function.parameters[i].offset, arguments[i],
                function.parameters[i].bytes);
  return launch;
}

cudaError_t launch_kernel(ptx::Kernel* kernel, dim3 grid, dim3 block, void** arguments, size_t shared,
                          cudaStream_t handle) {
  if (!kernel) return cudaErrorInvalidDeviceFunction;
  Stream* stream = find_stream(handle, demangle(kernel->name).c_str());
  if (!stream) return cudaErrorInvalidResourceHandle;
  const ptx::Function* function = nullptr;
  if (const cudaError_t error = ptx::load(*kernel, function); error != cudaSuccess) {
    if (error == cudaErrorInvalidPtx) break_context(error);
    return error;
  }
  const cudaError_t invalid = check_configuration(*kernel, *function, grid, block, shared);
  if (invalid != cudaSuccess) {
    report("bad-launch", "{}: {} for grid ({},{},{}), block ({},{},{}), {} bytes of dynamic shared memory",
           demangle(kernel->name), cudaGetErrorString(invalid), grid.x, grid.y, grid.z, block.x, block.y,
           block.z, shared);
    return invalid;
  }
  count(Counter::Launches);
  auto launch = make_launch(*kernel, *function, grid, block, arguments, shared);
  enqueue_on(
      *stream, [launch] { run_grid(*launch); }, demangle(kernel->name));
  return cudaSuccess;
}

template <class F>
cudaError_t with_function(const char* call, const void* host, F f) {
  return api(call, [&] {
    ptx::Kernel* kernel = ptx::find_kernel(host);
    if (!kernel) return cudaErrorInvalidDeviceFunction;
    const ptx::Function* function = nullptr;
    const cudaError_t error = ptx::load(*kernel, function);
    return error == cudaSuccess ? f(*kernel, *function) : error;
  });
}

int resident_blocks(const ptx::Function& function, int threads, size_t dynamic_shared) {
  const DeviceLimits limits = device_limits();
  const int shared = static_cast<int>(static_shared(function) + dynamic_shared);
  const int rounded = (threads + 31) / 32 * 32;
  int blocks =
      std::min(limits.blocks_per_multiprocessor, limits.threads_per_multiprocessor / std::max(rounded, 1));
  if (shared > 0) blocks = std::min(blocks, limits.shared_per_multiprocessor / shared);
  return blocks;
}

ptx::FatBinary* binary(void** handle) { return reinterpret_cast<ptx::FatBinary*>(handle); }

}  // namespace

extern "C" {

// The names are those that nvcc's code calls.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
PLUGRAD_CUDA_EMULATION_API void** __cudaRegisterFatBinary(void* container) {
  const std::lock_guard lock(runtime_mutex());
  return reinterpret_cast<void**>(ptx::register_binary(container));
}

PLUGRAD_CUDA_EMULATION_API void __cudaRegisterFatBinaryEnd(void**) {}

PLUGRAD_CUDA_EMULATION_API void __cudaUnregisterFatBinary(void** handle) {
  const std::lock_guard lock(runtime_mutex());
  drain_all();  // what is enqueued runs code of the binary
  ptx::unregister_binary(binary(handle));
}

PLUGRAD_CUDA_EMULATION_API char __cudaInitModule(void**) { return 1; }

PLUGRAD_CUDA_EMULATION_API void __cudaRegisterVar(void** handle, char* host, char*, const char* name, int,
                                                  size_t, int, int) {
  const std::lock_guard lock(runtime_mutex());
  ptx::register_variable(binary(handle), host, name);
}

PLUGRAD_CUDA_EMULATION_API void __cudaRegisterManagedVar(void**, void**, char*, const char* name, int, size_t,
                                                         int, int) {
  report("unsupported", "managed variable {}", name);
}

PLUGRAD_CUDA_EMULATION_API void __cudaRegisterFunction(void** handle, const char* host, char*,
                                                       const char* name, int, uint3*, uint3*, dim3*, dim3*,
                                                       int*) {
  const std::lock_guard lock(runtime_mutex());
  ptx::register_kernel(binary(handle), host, name);
}

PLUGRAD_CUDA_EMULATION_API unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared,
                                                                struct CUstream_st* stream) {
  configuration = {grid, block, shared, stream};
  return 0;
}

PLUGRAD_CUDA_EMULATION_API cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared,
                                                                  void* stream) {
  *grid = configuration.grid;
  *block = configuration.block;
  *shared = configuration.shared;
  *static_cast<cudaStream_t*>(stream) = configuration.stream;
  return cudaSuccess;
}

PLUGRAD_CUDA_EMULATION_API cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host) {
  const std::lock_guard lock(runtime_mutex());
  *kernel = reinterpret_cast<cudaKernel_t>(ptx::find_kernel(host));
  return *kernel ? cudaSuccess : note(cudaErrorInvalidDeviceFunction);
}

PLUGRAD_CUDA_EMULATION_API cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block,
                                                          void** arguments, size_t shared,
                                                          cudaStream_t stream) {
  return api("cudaLaunchKernel",
             [&] { return launch_kernel(ptx::as_kernel(kernel), grid, block, arguments, shared, stream); });
}

// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaLaunchKernel(const void* host, dim3 grid, dim3 block,
                                                        void** arguments, size_t shared,
                                                        cudaStream_t stream) {
  return api("cudaLaunchKernel",
             [&] { return launch_kernel(ptx::find_kernel(host), grid, block, arguments, shared, stream); });
}

// Attributes such as programmatic dependence only hint at what may overlap.
PLUGRAD_CUDA_EMULATION_API cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* host,
                                                           void** arguments) {
  return api("cudaLaunchKernelExC", [&] {
    return launch_kernel(ptx::find_kernel(host), config->gridDim, config->blockDim, arguments,
                         config->dynamicSmemBytes, config->stream);
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes,
                                                             const void* host) {
  return with_function(
      "cudaFuncGetAttributes", host, [&](ptx::Kernel& kernel, const ptx::Function& function) {
        constexpr int kRegisters = 32;  // only the assembler knows: this is a usual number
        std::memset(attributes, 0, sizeof *attributes);
        attributes->sharedSizeBytes = static_shared(function);
        attributes->localSizeBytes = function.local_bytes;
        attributes->maxThreadsPerBlock = function.max_threads ? static_cast<int>(function.max_threads) : 1024;
        attributes->numRegs = kRegisters;
        attributes->ptxVersion = attributes->binaryVersion = static_cast<int>(kernel.binary->architecture);
        attributes->maxDynamicSharedSizeBytes =
            kernel.max_dynamic_shared - static_cast<int>(static_shared(function));
        attributes->preferredShmemCarveout = -1;
        return cudaSuccess;
      });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaFuncSetAttribute(const void* host, cudaFuncAttribute attribute,
                                                            int value) {
  return with_function("cudaFuncSetAttribute", host, [&](ptx::Kernel& kernel, const ptx::Function& function) {
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    const int most = device_limits().shared_per_block_opt_in - static_cast<int>(static_shared(function));
    if (value < 0 || value > most) return cudaErrorInvalidValue;
    kernel.max_dynamic_shared = value;
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaFuncSetCacheConfig(const void* host, cudaFuncCache) {
  return with_function("cudaFuncSetCacheConfig", host,
                       [](ptx::Kernel&, const ptx::Function&) { return cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int* blocks, const void* host, int threads, size_t shared, unsigned) {
  return with_function("cudaOccupancyMaxActiveBlocksPerMultiprocessor", host,
                       [&](ptx::Kernel&, const ptx::Function& function) {
                         *blocks = resident_blocks(function, threads, shared);
                         return cudaSuccess;
                       });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks,
                                                                                     const void* host,
                                                                                     int threads,
                                                                                     size_t shared) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, host, threads, shared, 0);
}

}  // extern "C"

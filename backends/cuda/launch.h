// How kernels are put on the calling thread's stream.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "plugrad/backends/cuda/devices.h"
#include "plugrad/backends/cuda/status.h"
#include "plugrad/backends/cuda/streams.h"

namespace plugrad::cuda {

inline constexpr int block_threads = 256;

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Blocks of `threads` for `n` items, one a thread, but no more than keep the GPU busy: kernels walk over the
// rest in a grid-stride loop.
inline int grid_blocks(int64_t n, int threads = block_threads) {
  constexpr int waves = 4;  // evens out blocks that take longer than others
  const DeviceLimits& gpu = device_limits();
  const int64_t resident = int64_t{gpu.processors} * std::max(1, gpu.threads_per_processor / threads);
  return static_cast<int>(std::clamp(ceil_div(n, threads), int64_t{1}, waves * resident));
}

// Enqueues the kernel on the stream of the call, which does not wait for it.
template <class... P>
void launch(const plugin::Call& c, void (*kernel)(P...), int64_t blocks, int threads,
            std::type_identity_t<P>... args) {
  void* pointers[] = {const_cast<void*>(static_cast<const void*>(&args))...};
  check(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), dim3(static_cast<unsigned>(blocks)),
                         dim3(static_cast<unsigned>(threads)), pointers, 0, stream(c)),
        "cudaLaunchKernel");
}

}  // namespace plugrad::cuda

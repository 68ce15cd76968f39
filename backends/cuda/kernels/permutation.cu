// permutation: the indices 0 to n - 1 in the order of 64 random bits each, of equal ones the first before.
// Locally constant, and bit-equal on all backends.
#include "plugrad/backends/cuda/philox.cuh"
#include "plugrad/backends/cuda/sort_keys.cuh"

namespace plugrad::cuda {
namespace {

// A thread makes the two keys of a block of Philox at a time.
__global__ void __launch_bounds__(block_threads) key_kernel(Philox philox, uint64_t* keys, uint32_t n) {
  const uint32_t step = 2 * gridDim.x * blockDim.x;
  for (uint32_t e = 2 * (blockIdx.x * blockDim.x + threadIdx.x); e < n; e += step) {
    const Words words = philox(e / 2);
    keys[e] = words.bits64(0);
    if (e + 1 < n) keys[e + 1] = words.bits64(1);
  }
}

__global__ void __launch_bounds__(block_threads)
    order_kernel(const uint32_t* positions, int64_t* order, uint32_t n) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) order[i] = positions[i];
}

void permutation(const Call& c) {
  const int64_t n = c.integer(0);
  if (n == 0) return;
  PositionSort sort(c, n);
  const auto count = static_cast<uint32_t>(n);
  auto* const keys = c.workspace<uint64_t>(n);
  launch(c, key_kernel, grid_blocks(ceil_div(n, 2)), block_threads, philox_of(c, 1), keys, count);
  sort.by_keys(keys);
  launch(c, order_kernel, grid_blocks(n), block_threads, sort.positions(), plugin::data<int64_t>(c.out()),
         count);
}

PLUGRAD_FORWARD(permutation, permutation);

}  // namespace
}  // namespace plugrad::cuda

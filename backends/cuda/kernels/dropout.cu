// Elements left out at random.
//
//   dropout   y = x m; m = 0 where w < p 2^32, else 1 / (1 - p)    dx = dropout of dy
//
// w is the element's word of 32 random bits: four of them come with each block of Philox (philox.cuh).
#include <cmath>

#include "plugrad/backends/cuda/compact.h"
#include "plugrad/backends/cuda/elementwise.cuh"
#include "plugrad/backends/cuda/philox.cuh"

namespace plugrad::cuda {
namespace {

template <class T>
struct Mask {
  uint64_t dropped;  // words below this
  T kept;
  __device__ T operator()(uint32_t word) const { return word < dropped ? T{0} : kept; }
};

// A thread works on the elements of a block at a time.
template <class T>
__global__ void __launch_bounds__(block_threads)
    dropout_kernel(Philox philox, Mask<T> mask, const T* x, T* y, int64_t n) {
  constexpr int width = 16 / sizeof(T), per_block = 4;
  const bool aligned = (reinterpret_cast<uintptr_t>(x) | reinterpret_cast<uintptr_t>(y)) % 16 == 0;
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t block = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; block * per_block < n; block += step) {
    const Words w = philox(static_cast<uint64_t>(block));
    const T* const from = x + block * per_block;
    T* const to = y + block * per_block;
    const auto rest = static_cast<int>(min(n - block * per_block, int64_t{per_block}));
    if (aligned && rest == per_block) {
#pragma unroll
      for (int k = 0; k < per_block; k += width) {
        auto values = load<width>(from + k, false, width);
        for (int i = 0; i < width; ++i) values.element[i] *= mask(w.word[k + i]);
        store(to + k, values, width);
      }
      continue;
    }
#pragma unroll
    for (int i = 0; i < per_block; ++i)
      if (i < rest) to[i] = from[i] * mask(w.word[i]);
  }
}

void dropout(const Call& c) {
  const double p = c.real(0);
  const int64_t n = plugin::size(c.out());
  if (n == 0) return;
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const Mask<T> mask{static_cast<uint64_t>(std::ceil(p * 0x1p32)), static_cast<T>(p < 1 ? 1 / (1 - p) : 0)};
    launch(c, dropout_kernel<T>, grid_blocks(ceil_div(n, 4)), block_threads, philox_of(c, 1), mask,
           compact<T>(c, c.in(0)), plugin::data<T>(c.out()), n);
  });
}

PLUGRAD_FORWARD(dropout, dropout);

}  // namespace
}  // namespace plugrad::cuda

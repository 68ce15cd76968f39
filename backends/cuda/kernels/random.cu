// Random numbers, the same on every backend: an element is a function of seed, offset and its number alone.
//
//   uniform   y = low + (high - low) u   u in [0, 1), of 24 or 53 random bits
//   normal    y = mean + std z           z = r cos a, r sin a; r = sqrt(-2 ln u1), a = 2 pi u2 (Box, Muller)
//
// Both are locally constant. The bits are Philox4x32-10's (Salmon, Moraes, Dror, Shaw: "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011): the key is the seed, the counter the number of the block of four
// words, and the offset. Where a result must be that of other backends, products and sums are written as
// intrinsics, which are never contracted to fused multiply-add; normal is calculated in double.
#include <numbers>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

struct Words {
  uint32_t word[4];
  // 53 random bits: of words 0 and 1, or of 2 and 3.
  __device__ uint64_t bits53(int pair) const {
    return (uint64_t{word[2 * pair]} << 32 | word[2 * pair + 1]) >> 11;
  }
};

struct Philox {
  uint64_t seed, offset;
  __device__ Words operator()(uint64_t block) const {
    uint32_t c0 = static_cast<uint32_t>(block), c1 = static_cast<uint32_t>(block >> 32),
             c2 = static_cast<uint32_t>(offset), c3 = static_cast<uint32_t>(offset >> 32),
             k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; ++round) {
      const uint64_t p0 = uint64_t{0xD2511F53U} * c0, p1 = uint64_t{0xCD9E8D57U} * c2;
      c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
      c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<uint32_t>(p1);
      c3 = static_cast<uint32_t>(p0);
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    return {c0, c1, c2, c3};
  }
};

// x + y z, rounded twice.
__device__ float product_sum(float x, float y, float z) { return __fadd_rn(x, __fmul_rn(y, z)); }
__device__ double product_sum(double x, double y, double z) { return __dadd_rn(x, __dmul_rn(y, z)); }

// The numbers that a block of Philox gives: a pack of 16 bytes.
template <class T>
struct Uniform {
  T low, range;
  __device__ void operator()(const Words& w, Pack<float, 4>& y) const {
    for (int i = 0; i < 4; ++i)
      y.element[i] = product_sum(low, range, static_cast<float>(w.word[i] >> 8) * 0x1p-24F);
  }
  __device__ void operator()(const Words& w, Pack<double, 2>& y) const {
    for (int i = 0; i < 2; ++i)
      y.element[i] = product_sum(low, range, static_cast<double>(w.bits53(i)) * 0x1p-53);
  }
};

struct Normal {
  double mean, std;
  // Two of them, of u1 in (0, 1] and u2 in [0, 1).
  template <class T>
  __device__ void pair(double u1, double u2, T* y) const {
    const double r = ::sqrt(-2 * ::log(u1));
    double sine, cosine;
    ::sincos(2 * std::numbers::pi * u2, &sine, &cosine);
    y[0] = static_cast<T>(product_sum(mean, std, r * cosine));
    y[1] = static_cast<T>(product_sum(mean, std, r * sine));
  }
  __device__ void operator()(const Words& w, Pack<float, 4>& y) const {
#pragma unroll
    for (int i = 0; i < 4; i += 2)
      pair((static_cast<double>(w.word[i]) + 1) * 0x1p-32, static_cast<double>(w.word[i + 1]) * 0x1p-32,
           y.element + i);
  }
  __device__ void operator()(const Words& w, Pack<double, 2>& y) const {
    pair(static_cast<double>(w.bits53(0) + 1) * 0x1p-53, static_cast<double>(w.bits53(1)) * 0x1p-53,
         y.element);
  }
};

// A thread makes the numbers of a block at a time.
template <class T, class F>
__global__ void __launch_bounds__(block_threads) random_kernel(F numbers, Philox philox, T* out, int64_t n) {
  constexpr int width = 16 / sizeof(T);
  const bool aligned = reinterpret_cast<uintptr_t>(out) % 16 == 0;
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t block = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; block * width < n; block += step) {
    Pack<T, width> values;
    numbers(philox(static_cast<uint64_t>(block)), values);
    T* const to = out + block * width;
    const auto rest = static_cast<int>(min(n - block * width, int64_t{width}));
    if (aligned && rest == width) {
      store(to, values, width);
      continue;
    }
#pragma unroll  // for values to stay in registers
    for (int i = 0; i < width; ++i)
      if (i < rest) to[i] = values.element[i];
  }
}

template <class T, class F>
void generate(const Call& c, F numbers) {
  const int64_t n = plugin::size(c.out()), blocks = ceil_div(n, int64_t{16 / sizeof(T)});
  const Philox philox{static_cast<uint64_t>(c.integer(2)), static_cast<uint64_t>(c.integer(3))};
  if (n == 0) return;
  launch(c, random_kernel<T, F>, grid_blocks(blocks), block_threads, numbers, philox,
         plugin::data<T>(c.out()), n);
}

void uniform(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    generate<T>(c, Uniform<T>{static_cast<T>(c.real(4)), static_cast<T>(c.real(5) - c.real(4))});
  });
}

void normal(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) { generate<T>(c, Normal{c.real(4), c.real(5)}); });
}

PLUGRAD_FORWARD(uniform, uniform);
PLUGRAD_FORWARD(normal, normal);

}  // namespace
}  // namespace plugrad::cuda

// Random numbers, the same on every backend: an element is a function of seed, offset and its number alone.
//
//   uniform     y = low + (high - low) u   u in [0, 1), of 24 or 53 random bits
//   normal      y = mean + std z           z = r cos a, r sin a; r = sqrt(-2 ln u1), a = 2 pi u2
//                                          (Box, Muller)
//   bernoulli   y = w < p 2^32             w of 32 random bits
//   randint     y = low + floor(b range / 2^n)   range = high - low; b of n random bits: 64 for ranges up to
//                                                2^32, else 128
//
// All are locally constant; the bits are those of philox.cuh. Where a result must be that of other backends,
// products and sums are written as intrinsics, which are never contracted to fused multiply-add; normal is
// calculated in double.
#include <cmath>
#include <numbers>

#include "plugrad/backends/cuda/elementwise.cuh"
#include "plugrad/backends/cuda/philox.cuh"

namespace plugrad::cuda {
namespace {

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

struct Bernoulli {
  uint64_t below;
  __device__ void operator()(const Words& w, Pack<bool, 4>& y) const {
    for (int i = 0; i < 4; ++i) y.element[i] = w.word[i] < below;
  }
};

struct ShortRange {
  uint64_t low, range;
  template <class T>
  __device__ void operator()(const Words& w, Pack<T, 2>& y) const {
    for (int i = 0; i < 2; ++i) y.element[i] = static_cast<T>(low + __umul64hi(w.bits64(i), range));
  }
};
struct LongRange {
  uint64_t low, range;
  template <class T>
  __device__ void operator()(const Words& w, Pack<T, 1>& y) const {
    const uint64_t rest = __umul64hi(w.bits64(1), range), sum = w.bits64(0) * range + rest;
    y.element[0] = static_cast<T>(low + __umul64hi(w.bits64(0), range) + (sum < rest ? 1 : 0));
  }
};

// A thread makes the `width` numbers of a block at a time.
template <class T, int width, class F>
__global__ void __launch_bounds__(block_threads) random_kernel(F numbers, Philox philox, T* out, int64_t n) {
  const bool aligned = reinterpret_cast<uintptr_t>(out) % sizeof(Pack<T, width>) == 0;
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

// Attributes `seed` and the next one are seed and offset.
template <class T, int width, class F>
void generate(const Call& c, int seed, F numbers) {
  const int64_t n = plugin::size(c.out()), blocks = ceil_div(n, int64_t{width});
  if (n == 0) return;
  launch(c, random_kernel<T, width, F>, grid_blocks(blocks), block_threads, numbers, philox_of(c, seed),
         plugin::data<T>(c.out()), n);
}
template <class T>
constexpr int floats_per_block = 16 / sizeof(T);

void uniform(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const Uniform<T> numbers{static_cast<T>(c.real(4)), static_cast<T>(c.real(5) - c.real(4))};
    generate<T, floats_per_block<T>>(c, 2, numbers);
  });
}

void normal(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    generate<T, floats_per_block<T>>(c, 2, Normal{c.real(4), c.real(5)});
  });
}

void bernoulli(const Call& c) {
  generate<bool, 4>(c, 1, Bernoulli{static_cast<uint64_t>(std::ceil(c.real(3) * 0x1p32))});
}

void randint(const Call& c) {
  const auto low = static_cast<uint64_t>(c.integer(4)), range = static_cast<uint64_t>(c.integer(5)) - low;
  plugin::with_integer(c.out().dtype, [&]<class T>(Type<T>) {
    if (range <= uint64_t{1} << 32) generate<T, 2>(c, 2, ShortRange{low, range});
    else generate<T, 1>(c, 2, LongRange{low, range});
  });
}

PLUGRAD_FORWARD(uniform, uniform);
PLUGRAD_FORWARD(normal, normal);
PLUGRAD_FORWARD(bernoulli, bernoulli);
PLUGRAD_FORWARD(randint, randint);

}  // namespace
}  // namespace plugrad::cuda

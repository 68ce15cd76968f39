// Indices drawn in proportion to weights w, row by row; locally constant, and bit-equal on all backends:
// every addition and every step of the logarithm is part of the definition, and none is contracted to a fused
// multiply-add.
//
//   with replacement   the first i with c[i] > u c[n - 1]; u in [0, 1) of 53 bits; c the cumulative sum of w
//                      in float64: within chunks of 256 from 0 on, on top of the sum of the chunks before
//   without            the indices of the smallest keys e / w, in that order, of equal ones the first before;
//                      e = -ln u, u in (0, 1] of 53 bits (Efraimidis, Spirakis: "Weighted random sampling
//                      with a reservoir", IPL 97, 2006)
//
// With replacement, threads add up chunks, then one for each row its chunks' sums, and each draw is a binary
// search. Without, the keys of all rows are sorted together. Weights that make no sense are noted for the
// host.
#include "plugrad/backends/cuda/compact.h"
#include "plugrad/backends/cuda/deferred_errors.h"
#include "plugrad/backends/cuda/philox.cuh"
#include "plugrad/backends/cuda/sort_keys.cuh"

namespace plugrad::cuda {
namespace {

// The shape of a call, and its random bits.
struct Draws {
  int64_t rows, n, count;
  Philox philox;
  IndexError* errors;

  __device__ uint64_t bits53(int64_t e) const {
    return philox(static_cast<uint64_t>(e) / 2).bits53(static_cast<int>(e % 2));
  }
  static __device__ bool is_weight(double w) { return w >= 0 && ::isfinite(w); }
  // A weight of a row, or 0 for what is none.
  __device__ double weight(double w, int64_t row) const {
    if (is_weight(w)) return w;
    note(Flaw::BadWeight, row, 0, errors);
    return 0;
  }
};

inline constexpr int64_t chunk_length = 256;

// sums[row][i], within their chunks.
template <class T>
__global__ void __launch_bounds__(block_threads)
    chunk_kernel(Draws d, const T* weights, double* sums, int64_t chunks) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x, all = d.rows * chunks;
  for (int64_t k = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; k < all; k += step) {
    const int64_t row = k / chunks, begin = (k - row * chunks) * chunk_length,
                  end = min(begin + chunk_length, d.n);
    double sum = 0;
    bool sound = true;  // noted once behind the loop, which would need too many registers with that inside
    for (int64_t i = begin; i < end; ++i) {
      const double w = weights[row * d.n + i];
      const bool counts = Draws::is_weight(w);
      sound &= counts;
      sum += counts ? w : 0;
      sums[row * d.n + i] = sum;
    }
    if (!sound) note(Flaw::BadWeight, row, 0, d.errors);
  }
}

// before[row][chunk]: the sum of the chunks before it; and, one further, of all.
__global__ void __launch_bounds__(block_threads)
    row_kernel(Draws d, const double* sums, double* before, int64_t chunks) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t row = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; row < d.rows; row += step) {
    double sum = 0, *const to = before + row * (chunks + 1);
    for (int64_t k = 0; k < chunks; ++k) {
      to[k] = sum;
      sum += sums[row * d.n + min((k + 1) * chunk_length, d.n) - 1];
    }
    to[chunks] = sum;
    if (!(sum > 0 && ::isfinite(sum))) note(Flaw::NoSum, row, 0, d.errors);
  }
}

// A thread for each index to be drawn.
__global__ void __launch_bounds__(block_threads)
    search_kernel(Draws d, const double* sums, const double* before, int64_t chunks, int64_t* indices) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x, all = d.rows * d.count;
  for (int64_t e = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; e < all; e += step) {
    const int64_t row = e / d.count;
    const double *const within = sums + row * d.n, *const base = before + row * (chunks + 1);
    const double total = base[chunks];
    const double at = static_cast<double>(d.bits53(e)) * 0x1p-53 * total;  // may be rounded up to total
    int64_t first = 0, last = d.n - 1;                                     // the index is in [first, last]
    while (first < last) {
      const int64_t middle = first + (last - first) / 2;
      const double sum = base[middle / chunk_length] + within[middle];
      if (sum > at || sum == total) last = middle;
      else first = middle + 1;
    }
    indices[e] = first;
  }
}

template <class T>
void with_replacement(const Call& c, const Draws& d, const T* weights, int64_t* indices) {
  const int64_t chunks = ceil_div(d.n, chunk_length);
  auto* const sums = c.workspace<double>(d.rows * d.n);
  auto* const before = c.workspace<double>(d.rows * (chunks + 1));
  launch(c, chunk_kernel<T>, grid_blocks(d.rows * chunks), block_threads, d, weights, sums, chunks);
  launch(c, row_kernel, grid_blocks(d.rows), block_threads, d, sums, before, chunks);
  launch(c, search_kernel, grid_blocks(d.rows * d.count), block_threads, d, sums, before, chunks, indices);
}

// ln(m / 2^53) for 1 <= m <= 2^53: k ln 2 + ln f with f in [sqrt(1/2), sqrt(2)], and ln f = 2 artanh s by its
// series up to s^23, with s = (f - 1) / (f + 1).
__device__ double log_of_53_bits(uint64_t m) {
  constexpr int mantissa_bits = 52, bias = 1023;
  constexpr int64_t mantissa = (int64_t{1} << mantissa_bits) - 1;
  const int64_t bits = __double_as_longlong(static_cast<double>(m));
  double f = __longlong_as_double((bits & mantissa) | int64_t{bias} << mantissa_bits);
  auto k = static_cast<int>(bits >> mantissa_bits) - bias - 53;
  if (f > 1.4142135623730951) f /= 2, ++k;
  const double s = __ddiv_rn(f - 1, f + 1), z = __dmul_rn(s, s);
  double series = 0;
#pragma unroll  // for 1 / term to be constants
  for (int term = 23; term > 1; term -= 2) series = __dmul_rn(series + 1.0 / term, z);
  return product_sum(product_sum(2 * s, 2 * s, series), k, 0.69314718055994531);
}

// Keys are not negative, so their bits are in their order; weights of 0 come last.
inline constexpr uint64_t never = ~uint64_t{0};

template <class T>
__global__ void __launch_bounds__(block_threads) key_kernel(Draws d, const T* weights, uint64_t* keys) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x, all = d.rows * d.n;
  for (int64_t e = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; e < all; e += step) {
    const double w = d.weight(weights[e], e / d.n), waiting = 0 - log_of_53_bits(d.bits53(e) + 1);
    keys[e] = w > 0 ? static_cast<uint64_t>(__double_as_longlong(__ddiv_rn(waiting, w))) : never;
  }
}

// The row that a position belongs to.
struct RowWord {
  uint32_t n;
  __device__ uint32_t operator()(uint32_t position) const { return position / n; }
};

// Of each row's positions the first ones, as indices in the row.
__global__ void __launch_bounds__(block_threads)
    first_kernel(Draws d, const uint64_t* keys, const uint32_t* positions, int64_t* indices) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x, all = d.rows * d.count;
  for (int64_t e = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; e < all; e += step) {
    const int64_t row = e / d.count, k = e - row * d.count;
    const uint32_t* const order = positions + row * d.n;
    if (keys[order[k]] == never && (k == 0 || keys[order[k - 1]] != never))
      note(Flaw::FewWeights, row, k, d.errors);
    indices[e] = order[k] - row * d.n;
  }
}

template <class T>
void without_replacement(const Call& c, const Draws& d, const T* weights, int64_t* indices) {
  PositionSort sort(c, d.rows * d.n);
  auto* const keys = c.workspace<uint64_t>(d.rows * d.n);
  launch(c, key_kernel<T>, grid_blocks(d.rows * d.n), block_threads, d, weights, keys);
  sort.by_keys(keys);
  sort.by(RowWord{static_cast<uint32_t>(d.n)}, std::bit_width(static_cast<uint64_t>(d.rows - 1)));
  launch(c, first_kernel, grid_blocks(d.rows * d.count), block_threads, d, keys, sort.positions(), indices);
}

void multinomial(const Call& c) {
  const DLTensor &in = c.in(0), &out = c.out();
  if (plugin::size(out) == 0) return;
  const int64_t n = in.shape[in.ndim - 1];
  const Draws d{plugin::size(in) / n, n, c.integer(0), philox_of(c, 2), index_errors(c)};
  with_floating(in.dtype, [&]<class T>(Type<T>) {
    const T* const weights = compact<T>(c, in);
    auto* const indices = plugin::data<int64_t>(out);
    if (c.integer(1) != 0) with_replacement(c, d, weights, indices);
    else without_replacement(c, d, weights, indices);
  });
}

PLUGRAD_FORWARD(multinomial, multinomial);

}  // namespace
}  // namespace plugrad::cuda

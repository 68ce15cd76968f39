// Sorts the elements of an index array by value, equal ones in their order: for sums over the elements of
// each value that are the same bits each time.
//
// Up to sort_tile elements are sorted by one block in one launch. More are sorted by digits of 8 bits, the
// lowest first: blocks count the digits of their tiles, one block turns the counts into places, and the tiles
// are sorted again and written there.
#pragma once

#include <bit>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_scan.cuh>
#include <string>

#include "plugrad/backends/cuda/deferred_errors.h"
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {

struct SortedIndices {
  const uint32_t* keys;       // values; those out of range come last, all as the number of things
  const uint32_t* positions;  // of the elements in row-major order
  uint32_t n;
};

namespace sorting {

inline constexpr int items = 8;  // of a thread
inline constexpr uint32_t tile_length = items * block_threads;
inline constexpr int digit_bits = 8;
inline constexpr uint32_t digits = 1U << digit_bits;
static_assert(digits == block_threads, "each thread has one digit");

// Where elements come from: the index array, or the last digit's pass.
template <class I>
struct IndexInput {
  Layout<1> index;
  IndexRange range;

  __device__ uint32_t key(uint32_t i) const {
    int64_t offset[1];
    index.locate(i, offset);
    int64_t value = static_cast<const I*>(index.data[0])[offset[0]];
    return static_cast<uint32_t>(range.resolve(value) ? value : range.length);
  }
  __device__ uint32_t position(uint32_t i) const { return i; }
};
struct SortedInput {
  const uint32_t *keys, *positions;

  __device__ uint32_t key(uint32_t i) const { return keys[i]; }
  __device__ uint32_t position(uint32_t i) const { return positions[i]; }
};

// Bits [begin, end) of keys.
struct Digit {
  int begin, end;
  __device__ uint32_t operator()(uint32_t key) const { return key >> begin & ((1U << (end - begin)) - 1); }
};

// counts[digit][tile]
template <class Input>
__global__ void __launch_bounds__(block_threads)
    count_kernel(Input input, uint32_t n, Digit digit, uint32_t tiles, uint32_t* counts) {
  __shared__ uint32_t count[digits];
  for (uint32_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const uint32_t begin = tile * tile_length, end = min(n, begin + tile_length);
    count[threadIdx.x] = 0;
    __syncthreads();
    for (uint32_t i = begin + threadIdx.x; i < end; i += block_threads)
      atomicAdd(&count[digit(input.key(i))], 1U);
    __syncthreads();
    counts[uint64_t{threadIdx.x} * tiles + tile] = count[threadIdx.x];
  }
}

// Turns n counts into the sums of those before them. One block.
static __global__ void __launch_bounds__(block_threads) place_kernel(uint32_t* counts, uint64_t n) {
  using Scan = cub::BlockScan<uint32_t, block_threads>;
  __shared__ typename Scan::TempStorage shared;
  uint32_t before = 0;
  for (uint64_t first = 0; first < n; first += tile_length) {
    const uint64_t begin = first + threadIdx.x * items;
    uint32_t x[items], total;
    for (int k = 0; k < items; ++k) x[k] = begin + k < n ? counts[begin + k] : 0;
    Scan(shared).ExclusiveSum(x, x, total);
    for (int k = 0; k < items; ++k)
      if (begin + k < n) counts[begin + k] = before + x[k];
    before += total;
    __syncthreads();
  }
}

// Sorts each tile by a digit. Its elements go to places[digit][tile] on; null: there is but one tile.
template <class Input>
__global__ void __launch_bounds__(block_threads)
    sort_kernel(Input input, uint32_t n, Digit digit, uint32_t tiles, const uint32_t* places, uint32_t* keys,
                uint32_t* positions) {
  using Sort = cub::BlockRadixSort<uint32_t, block_threads, items, uint32_t>;
  using Scan = cub::BlockScan<uint32_t, block_threads>;
  __shared__ union {
    typename Sort::TempStorage sort;
    typename Scan::TempStorage scan;
  } shared;
  __shared__ uint32_t count[digits], shift[digits];  // shift: from a place in the tile to one in all
  for (uint32_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const uint32_t begin = tile * tile_length, length = min(n - begin, tile_length);
    uint32_t key[items], position[items];
    count[threadIdx.x] = 0;
    __syncthreads();
    for (int k = 0; k < items; ++k) {
      const uint32_t i = threadIdx.x * items + k;
      key[k] = i < length ? input.key(begin + i) : ~0U;  // stays last
      position[k] = i < length ? input.position(begin + i) : 0;
      if (places && i < length) atomicAdd(&count[digit(key[k])], 1U);
    }
    Sort(shared.sort).SortBlockedToStriped(key, position, digit.begin, digit.end);
    __syncthreads();
    if (places) {
      uint32_t first;
      Scan(shared.scan).ExclusiveSum(count[threadIdx.x], first);
      const bool used = count[threadIdx.x] > 0;
      shift[threadIdx.x] = used ? places[uint64_t{threadIdx.x} * tiles + tile] - first : 0;
      __syncthreads();
    }
    for (int k = 0; k < items; ++k) {
      const uint32_t i = k * block_threads + threadIdx.x;
      if (i >= length) continue;
      const uint32_t to = places ? shift[digit(key[k])] + i : i;
      keys[to] = key[k];
      positions[to] = position[k];
    }
    __syncthreads();
  }
}

// One pass over a digit: from `input` to `keys` and `positions`.
template <class Input>
void sort_by_digit(const Call& c, const Input& input, uint32_t n, Digit digit, uint32_t* counts,
                   uint32_t* keys, uint32_t* positions) {
  const auto tiles = static_cast<uint32_t>(ceil_div(n, tile_length));
  const int blocks = grid_blocks(int64_t{tiles} * block_threads);
  if (counts) {
    launch(c, count_kernel<Input>, blocks, block_threads, input, n, digit, tiles, counts);
    launch(c, place_kernel, 1, block_threads, counts, uint64_t{digits} * tiles);
  }
  launch(c, sort_kernel<Input>, blocks, block_threads, input, n, digit, tiles, counts, keys, positions);
}

template <class I>
SortedIndices sort(const Call& c, const IndexInput<I>& input, uint32_t n) {
  const int bits = std::bit_width(static_cast<uint64_t>(input.range.length));
  uint32_t *to = c.workspace<uint32_t>(int64_t{2} * n), *from = nullptr;
  if (n <= tile_length) {
    sort_by_digit(c, input, n, Digit{0, bits}, nullptr, to, to + n);
    return {to, to + n, n};
  }
  if (bits > digit_bits) from = c.workspace<uint32_t>(int64_t{2} * n);
  uint32_t* counts = c.workspace<uint32_t>(digits * ceil_div(n, tile_length));
  for (int begin = 0; begin < bits; begin += digit_bits) {
    const Digit digit{begin, std::min(begin + digit_bits, bits)};
    if (begin == 0) {
      sort_by_digit(c, input, n, digit, counts, to, to + n);
    } else {
      std::swap(from, to);
      sort_by_digit(c, SortedInput{from, from + n}, n, digit, counts, to, to + n);
    }
  }
  return {to, to + n, n};
}

}  // namespace sorting

// The elements of `index`, of which there is at least one, as indices of at least one thing.
inline SortedIndices sort_indices(const Call& c, const DLTensor& index, const IndexRange& range) {
  const int64_t n = plugin::size(index);
  if (n >= most_elements || range.length >= most_elements)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE, std::to_string(n) + " indices of " +
                                                 std::to_string(range.length) +
                                                 " things are too many for this backend");
  Arrays<1> arrays;
  arrays.ndim = index.ndim;
  std::copy_n(index.shape, index.ndim, arrays.shape);
  set_operand(arrays, 0, index);
  const Layout<1> layout = layout_of(merged(arrays), 1);
  SortedIndices sorted{};
  plugin::with_integer(index.dtype, [&]<class I>(Type<I>) {
    sorted = sorting::sort(c, sorting::IndexInput<I>{layout, range}, static_cast<uint32_t>(n));
  });
  return sorted;
}

}  // namespace plugrad::cuda

// Where an array is not zero.
//
//   flatnonzero   the row-major places of the first elements that are not 0, then the number of elements, for
//                 the places that are wanting    (locally constant)
//
// Blocks count the places of their tiles, one block turns the counts into where each tile's places go, and
// the tiles are read again and their places written.
#include "plugrad/backends/cuda/sort_indices.cuh"

namespace plugrad::cuda {
namespace {

using sorting::items;
using sorting::place_kernel;
using sorting::tile_length;

// How many elements of a thread's part of a tile are not 0; bit k of `bits` says whether its k-th is.
template <class T>
__device__ uint32_t nonzero_items(const Layout<1>& x, uint32_t begin, uint32_t& bits) {
  bits = 0;
  for (int k = 0; k < items; ++k) {
    if (begin + k >= x.elements) break;
    int64_t offset[1];
    x.locate(begin + k, offset);
    if (static_cast<const T*>(x.data[0])[offset[0]] != T{0}) bits |= 1U << k;
  }
  return static_cast<uint32_t>(__popc(bits));
}

template <class T>
__global__ void __launch_bounds__(block_threads) count_kernel(Layout<1> x, uint32_t tiles, uint32_t* counts) {
  using Scan = cub::BlockScan<uint32_t, block_threads>;
  __shared__ typename Scan::TempStorage shared;
  for (uint32_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    uint32_t bits, before, total;
    const uint32_t n = nonzero_items<T>(x, tile * tile_length + threadIdx.x * items, bits);
    Scan(shared).ExclusiveSum(n, before, total);
    if (threadIdx.x == 0) counts[tile] = total;
    __syncthreads();
  }
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    write_kernel(Layout<1> x, uint32_t tiles, const uint32_t* before_tile, int64_t* places, int64_t wanted) {
  using Scan = cub::BlockScan<uint32_t, block_threads>;
  __shared__ typename Scan::TempStorage shared;
  for (uint32_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const uint32_t begin = tile * tile_length + threadIdx.x * items;
    uint32_t bits, before;
    const uint32_t n = nonzero_items<T>(x, begin, bits);
    Scan(shared).ExclusiveSum(n, before);
    int64_t at = int64_t{before_tile[tile]} + before;
    for (int k = 0; k < items; ++k)
      if (bits >> k & 1 && at < wanted) places[at++] = begin + k;
    __syncthreads();
  }
}

struct Constant {
  int64_t value;
  __device__ int64_t operator()() const { return value; }
};

template <class T>
void find_places(const Call& c, const Arrays<1>& x, int64_t* places, int64_t wanted) {
  const Layout<1> layout = layout_of(merged(x), 1);
  const auto tiles = static_cast<uint32_t>(ceil_div(layout.elements, tile_length));
  uint32_t* const counts = c.workspace<uint32_t>(tiles);
  const int blocks = grid_blocks(int64_t{tiles} * block_threads);
  launch(c, count_kernel<T>, blocks, block_threads, layout, tiles, counts);
  launch(c, place_kernel, 1, block_threads, counts, uint64_t{tiles});
  launch(c, write_kernel<T>, blocks, block_threads, layout, tiles, counts, places, wanted);
}

void flatnonzero(const Call& c) {
  const DLTensor& x = c.in(0);
  const auto arrays = arrays_of(x);
  const int64_t n = arrays.size(), wanted = plugin::size(c.out());
  if (n >= most_elements)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE, std::to_string(n) + " elements are too many for this backend");
  map<int64_t>(c, Constant{n}, c.out());
  if (n == 0 || wanted == 0) return;
  const auto find = [&]<class T>(Type<T>) {
    find_places<T>(c, arrays, plugin::data<int64_t>(c.out()), wanted);
  };
  if (plugin::is(x.dtype, PLUGRAD_DL_BOOL, 8)) find(Type<uint8_t>{});
  else with_number(x.dtype, find);
}

PLUGRAD_FORWARD(flatnonzero, flatnonzero);

}  // namespace
}  // namespace plugrad::cuda

// Where the two arrays are dense along different axes, as in a transpose, tiles go through shared memory, so
// that both are accessed in runs; otherwise it is the elementwise map.
#include "plugrad/backends/cuda/strided_copy.h"

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

constexpr int tile_size = 32;

// Matrices whose columns are dense in `in`, and whose rows are dense in `out`. Operands: 0 is out, 1 is in.
struct Matrices {
  Layout<2> starts;  // of the matrices
  uint32_t rows = 0, columns = 0, tiles = 0;
  Divisor down, across;                // tiles of a matrix
  int64_t row_out = 0, column_in = 0;  // from a row of out to the next, from a column of in to the next
};

template <class T>
__global__ void __launch_bounds__(block_threads) transpose_kernel(Matrices m) {
  __shared__ T tile[tile_size][tile_size + 1];  // padded: columns lie in different banks, too
  const uint32_t lane = threadIdx.x % tile_size, first = threadIdx.x / tile_size;
  constexpr uint32_t step = block_threads / tile_size;
  for (uint32_t number = blockIdx.x; number < m.tiles; number += gridDim.x) {
    uint32_t column = number, row = m.across.split(column), matrix = m.down.split(row);
    column *= tile_size;
    row *= tile_size;
    int64_t start[2];
    m.starts.locate(matrix, start);
    const T* in = static_cast<const T*>(m.starts.data[1]) + start[1] + row + column * m.column_in;
    T* out = static_cast<T*>(m.starts.data[0]) + start[0] + row * m.row_out + column;
    for (uint32_t i = first; i < tile_size; i += step)
      if (row + lane < m.rows && column + i < m.columns) tile[i][lane] = in[lane + i * m.column_in];
    __syncthreads();
    for (uint32_t i = first; i < tile_size; i += step)
      if (row + i < m.rows && column + lane < m.columns) out[i * m.row_out + lane] = tile[lane][i];
    __syncthreads();
  }
}

// The axis along which `in` is dense, if tiles over it and the innermost axis, along which out is dense, are
// worth it; otherwise -1.
int transposed_axis(const Arrays<2>& a) {
  constexpr int64_t worth = tile_size / 2;
  const int inner = a.ndim - 1;
  const int64_t stride = a.strides[1][inner];
  if (a.strides[0][inner] != 1 || stride == 0 || stride == 1 || a.shape[inner] < worth) return -1;
  for (int i = 0; i < inner; ++i)
    if (a.strides[1][i] == 1 && a.shape[i] >= worth) return i;
  return -1;
}

Matrices matrices_of(const Arrays<2>& a, int axis) {
  const int inner = a.ndim - 1;
  Arrays<2> rest = a;
  rest.shape[axis] = rest.shape[inner] = 1;
  const auto tiles = [](int64_t n) { return static_cast<uint32_t>(ceil_div(n, tile_size)); };
  Matrices m;
  m.starts = layout_of(merged(rest), 1);
  m.rows = static_cast<uint32_t>(a.shape[axis]);
  m.columns = static_cast<uint32_t>(a.shape[inner]);
  m.tiles = m.starts.packs * tiles(m.rows) * tiles(m.columns);
  m.down = Divisor(tiles(m.rows));
  m.across = Divisor(tiles(m.columns));
  m.row_out = a.strides[0][axis];
  m.column_in = a.strides[1][inner];
  return m;
}

template <class T>
void copy_arrays(const Call& c, const Arrays<2>& arrays) {
  for_each_part(merged(arrays), [&](const Arrays<2>& part) {
    const int axis = transposed_axis(part);
    if (axis < 0) return map_arrays<T, T>(c, part, Identity{});
    const Matrices m = matrices_of(part, axis);
    launch(c, transpose_kernel<T>, grid_blocks(int64_t{m.tiles} * block_threads), block_threads, m);
  });
}

}  // namespace

void copy_elements(const Call& c, const DLTensor& out, const DLTensor& in) {
  const auto arrays = arrays_of(out, in);
  if (arrays.size() == 0) return;
  with_bits(out.dtype, [&]<class T>(Type<T>) { copy_arrays<T>(c, arrays); });
}

}  // namespace plugrad::cuda

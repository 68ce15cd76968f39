// Rows chosen by an index.
//
//   embedding   y[i] = weight[index[i]]      dweight[r] = the sum of dy[i] where index[i] = r
//   one_hot     y[i] = 0, but 1 at index[i]
//
// For the gradient, the entries i are sorted by row (sort_indices.cuh), and each row adds up its own in their
// order: the cost grows with entries and rows, not with their product, and the bits are the same each time.
// An index out of range is noted for the host, and its element is left 0.
#include "plugrad/backends/cuda/deferred_errors.h"
#include "plugrad/backends/cuda/reduction.cuh"
#include "plugrad/backends/cuda/sort_indices.cuh"

namespace plugrad::cuda {
namespace {

// `layout`: out; index, repeated along the last axis; the row 0 of weight, repeated along the others.
template <int width, class T, class I>
__global__ void __launch_bounds__(block_threads)
    embedding_kernel(Layout<3> layout, int64_t rows, int64_t row_stride, IndexError* errors) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t pack = blockIdx.x * blockDim.x + threadIdx.x; pack < layout.packs; pack += step) {
    int64_t offset[3];
    layout.locate(pack, offset);
    const int n = static_cast<int>(min(uint32_t{width}, layout.elements - pack * width));
    const int64_t row = static_cast<const I*>(layout.data[1])[offset[1]];
    Pack<T, width> values{};
    if (check_index(row, rows, Things::Rows, errors))
      values = load<width>(static_cast<const T*>(layout.data[2]) + row * row_stride + offset[2],
                           layout.repeats[2], n);
    store(static_cast<T*>(layout.data[0]) + offset[0], values, n);
  }
}

// Calls f(offset of operand 0, index) for each element of operand 1 that is an index of one of `length`
// things.
template <class I, class F>
__global__ void __launch_bounds__(block_threads)
    index_kernel(F f, Layout<2> layout, int64_t length, Things things, IndexError* errors) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < layout.elements; i += step) {
    int64_t offset[2];
    layout.locate(i, offset);
    const int64_t index = static_cast<const I*>(layout.data[1])[offset[1]];
    if (check_index(index, length, things, errors)) f(layout.data[0], offset[0], index);
  }
}

// The same for an output that has a compact row of `row` elements for each index.
template <class F>
void for_each_index(const Call& c, F f, const DLTensor& out, const DLTensor& index, int64_t row,
                    int64_t length, Things things) {
  Arrays<2> arrays;
  arrays.ndim = index.ndim;
  std::copy_n(index.shape, index.ndim, arrays.shape);
  set_operand(arrays, 1, index);
  arrays.data[0] = plugin::data<char>(out);
  arrays.item[0] = out.dtype.bits / 8;
  for (int i = index.ndim; i-- > 0; row *= index.shape[i]) arrays.strides[0][i] = row;
  if (arrays.size() == 0) return;
  plugin::with_integer(index.dtype, [&]<class I>(Type<I>) {
    for_each_part(merged(arrays), [&](const Arrays<2>& part) {
      const auto layout = layout_of(part, 1);
      launch(c, index_kernel<I, F>, grid_blocks(layout.elements), block_threads, f, layout, length, things,
             index_errors(c));
    });
  });
}

struct Nothing {
  __device__ void operator()(void*, int64_t, int64_t) const {}
};
struct SetOne {
  __device__ void operator()(void* row, int64_t offset, int64_t index) const {
    static_cast<float*>(row)[offset + index] = 1;
  }
};

void one_hot(const Call& c) {
  const DLTensor& out = c.out();
  const auto bytes = static_cast<size_t>(plugin::size(out)) * sizeof(float);
  if (bytes > 0) check(cudaMemsetAsync(plugin::data<float>(out), 0, bytes, stream(c)), "cudaMemsetAsync");
  for_each_index(c, SetOne{}, out, c.in(0), c.integer(0), c.integer(0), Things::Classes);
}

// out, index and row 0 of weight in the shape of out.
Arrays<3> embedding_arrays(const DLTensor& out, const DLTensor& index, const DLTensor& weight) {
  Arrays<3> arrays;
  const int last = index.ndim;
  arrays.ndim = out.ndim;
  std::copy_n(out.shape, out.ndim, arrays.shape);
  set_operand(arrays, 0, out);
  std::copy_n(index.strides, last, arrays.strides[1]);
  arrays.data[1] = plugin::data<char>(index);
  arrays.item[1] = index.dtype.bits / 8;
  arrays.strides[2][last] = weight.strides[1];
  arrays.data[2] = plugin::data<char>(weight);
  arrays.item[2] = weight.dtype.bits / 8;
  return arrays;
}

template <class T, class I>
void launch_embedding(const Call& c, const Arrays<3>& arrays) {
  constexpr int width = 16 / sizeof(T);
  const DLTensor& weight = c.in(0);
  const int64_t rows = weight.shape[0], row_stride = weight.strides[0];
  const bool whole = weight.shape[1] % width == 0 && row_stride % width == 0;  // no pack spans two rows
  const auto run = [&](auto kernel, const Arrays<3>& part, int packed) {
    const auto layout = layout_of(part, packed);
    launch(c, kernel, grid_blocks(layout.packs), block_threads, layout, rows, row_stride, index_errors(c));
  };
  for_each_part(arrays, [&](const Arrays<3>& part) {
    if (whole && packs_fit(part, width)) run(embedding_kernel<width, T, I>, part, width);
    else run(embedding_kernel<1, T, I>, part, 1);
  });
}

void embedding(const Call& c) {
  const DLTensor &weight = c.in(0), &index = c.in(1), &out = c.out();
  if (weight.shape[1] == 0) return for_each_index(c, Nothing{}, out, index, 0, weight.shape[0], Things::Rows);
  if (plugin::size(out) == 0) return;
  const Arrays<3> arrays = merged(embedding_arrays(out, index, weight));
  with_floating(out.dtype, [&]<class T>(Type<T>) {
    plugin::with_integer(index.dtype, [&]<class I>(Type<I>) { launch_embedding<T, I>(c, arrays); });
  });
}

// Column `column` of dy at the entries of a row.
template <class T>
struct EntrySource {
  const T* column;
  const Layout<1>& entries;  // of dy
  const uint32_t* order;
  uint32_t elements;

  template <int width>
  __device__ Pack<T, width> load(uint32_t i, int) const {
    static_assert(width == 1);
    int64_t offset[1];
    entries.locate(order[i], offset);
    return {{column[offset[0]]}};
  }
};

// The first of `n` sorted keys from `begin` on that is not less than `key`.
__device__ uint32_t lower_bound(const uint32_t* keys, uint32_t begin, uint32_t n, uint32_t key) {
  while (begin < n) {
    const uint32_t middle = begin + (n - begin) / 2;
    if (keys[middle] < key) begin = middle + 1;
    else n = middle;
  }
  return begin;
}

// A team for each element of dweight. dy, whose column 0 `entries` describes, has `columns` columns.
template <class Team, class T>
__global__ void __launch_bounds__(block_threads)
    add_entries_kernel(T* dweight, int64_t size, int64_t columns, Layout<1> entries, int64_t column_stride,
                       SortedIndices sorted) {
  using Sum = FloatingSum<T>;
  __shared__ typename Team::template Storage<typename Sum::Acc> shared;
  const int64_t step = int64_t{gridDim.x} * Team::count;
  for (int64_t first = int64_t{blockIdx.x} * Team::count; first < size; first += step) {
    const int64_t item = first + Team::number();
    typename Sum::Acc sum = 0;
    if (item < size) {
      const int64_t row = item / columns, column = item - row * columns;
      const auto key = static_cast<uint32_t>(row);
      const uint32_t begin = lower_bound(sorted.keys, 0, sorted.n, key);
      const uint32_t end = lower_bound(sorted.keys, begin, sorted.n, key + 1);
      const EntrySource<T> source{static_cast<const T*>(entries.data[0]) + column * column_stride, entries,
                                  sorted.positions, sorted.n};
      sum = fold<1>(Sum(), source, begin, end, Team::rank(), Team::size);
    }
    sum = Team::reduce(shared, sum, Sum());
    if (item < size && Team::rank() == 0) dweight[item] = static_cast<T>(sum);
  }
}

template <class Team, class T>
void add_entries(const Call& c, const Layout<1>& entries, const SortedIndices& sorted) {
  const DLTensor &dweight = c.din(0), &dy = c.dout();
  const int64_t size = plugin::size(dweight), blocks = ceil_div(size, Team::count);
  launch(c, add_entries_kernel<Team, T>, grid_blocks(blocks * block_threads), block_threads,
         plugin::data<T>(dweight), size, dweight.shape[1], entries, dy.strides[dy.ndim - 1], sorted);
}

void embedding_gradient(const Call& c) {
  if (!c.wants(0)) return;
  const DLTensor &dweight = c.din(0), &index = c.in(1), &dy = c.dout();
  const int64_t n = plugin::size(index), rows = dweight.shape[0];
  if (plugin::size(dweight) == 0) return;
  with_floating(dweight.dtype, [&]<class T>(Type<T>) {
    if (n == 0) {
      const size_t bytes = static_cast<size_t>(plugin::size(dweight)) * sizeof(T);
      return check(cudaMemsetAsync(plugin::data<T>(dweight), 0, bytes, stream(c)), "cudaMemsetAsync");
    }
    const SortedIndices sorted = sort_indices(c, index, {rows});
    Arrays<1> entries;
    entries.ndim = index.ndim;
    std::copy_n(dy.shape, index.ndim, entries.shape);
    std::copy_n(dy.strides, index.ndim, entries.strides[0]);
    entries.data[0] = plugin::data<char>(dy);
    const Layout<1> layout = layout_of(merged(entries), 1);
    const bool many = n / rows >= 8;  // entries for a row: worth several threads
    if (many) add_entries<ColumnTeam<32>, T>(c, layout, sorted);
    else add_entries<ColumnTeam<block_threads>, T>(c, layout, sorted);
  });
}

PLUGRAD_KERNELS(embedding, embedding, embedding_gradient);
PLUGRAD_FORWARD(one_hot, one_hot);

}  // namespace
}  // namespace plugrad::cuda

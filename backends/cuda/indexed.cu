// Sums and the choice among several entries of one place follow the order of the index, whatever threads do:
// the entries are sorted by place (sort_indices.cuh), and the first or the last of each place does the work.
#include "plugrad/backends/cuda/indexed.cuh"

#include <type_traits>

#include "plugrad/backends/cuda/sort_indices.cuh"

namespace plugrad::cuda {
namespace {

template <int width, class T, class I>
__global__ void __launch_bounds__(block_threads)
    copy_indexed_kernel(Layout<3> layout, Places places, IndexRange range) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t pack = blockIdx.x * blockDim.x + threadIdx.x; pack < layout.packs; pack += step) {
    int64_t offset[3];
    layout.locate(pack, offset);
    const int n = static_cast<int>(min(uint32_t{width}, layout.elements - pack * width));
    int64_t number = static_cast<const I*>(layout.data[1])[offset[1]];
    Pack<T, width> values{};
    if (range.resolve(number))
      values = load<width>(static_cast<const T*>(layout.data[2]) + places(number) + offset[2],
                           layout.repeats[2], n);
    store(static_cast<T*>(layout.data[0]) + offset[0], values, n);
  }
}

template <class T, class I>
void launch_copy(const Call& c, const Arrays<3>& arrays, const Places& places, const IndexRange& range) {
  constexpr int width = 16 / sizeof(T);
  for_each_part(merged(arrays), [&](const Arrays<3>& part) {
    const bool one_index = part.strides[1][part.ndim - 1] == 0;  // for a pack
    const bool packs = one_index && places.aligned(width) && packs_fit(part, width);
    const auto layout = layout_of(part, packs ? width : 1);
    const auto kernel = packs ? copy_indexed_kernel<width, T, I> : copy_indexed_kernel<1, T, I>;
    launch(c, kernel, grid_blocks(layout.packs), block_threads, layout, places, range);
  });
}

// Sums are collected in float64, and in unsigned integers, which wrap around.
template <class T>
using Sum = std::conditional_t<std::is_floating_point_v<T>, double,
                               std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>;

// What an item of the kernels below is: an entry, counted as sorted, and one of the other elements.
struct Item {
  uint32_t entry, other;
  __device__ Item(int64_t number, uint32_t others)
      : entry(static_cast<uint32_t>(number / others)), other(static_cast<uint32_t>(number % others)) {}
};

struct SortedEntries {
  Layout<2> others;
  Layout<1> entries;
  Places places;
  SortedIndices sorted;

  __device__ int64_t items() const { return int64_t{sorted.n} * others.elements; }
  __device__ int64_t entry_offset(uint32_t i) const {
    int64_t offset[1];
    entries.locate(sorted.positions[i], offset);
    return offset[0];
  }
};

template <class T>
__global__ void __launch_bounds__(block_threads) add_entries_kernel(SortedEntries e, uint32_t length) {
  const uint32_t* const keys = e.sorted.keys;
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t k = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; k < e.items(); k += step) {
    const Item item(k, e.others.elements);
    const uint32_t key = keys[item.entry];
    if (key == length || (item.entry > 0 && keys[item.entry - 1] == key)) continue;
    int64_t other[2];
    e.others.locate(item.other, other);
    T* const to = static_cast<T*>(e.others.data[0]) + other[0] + e.places(key);
    const T* const from = static_cast<const T*>(e.others.data[1]) + other[1];
    auto sum = static_cast<Sum<T>>(*to);
    for (uint32_t i = item.entry; i < e.sorted.n && keys[i] == key; ++i)
      sum += static_cast<Sum<T>>(from[e.entry_offset(i)]);
    *to = static_cast<T>(sum);
  }
}

template <class T>
__global__ void __launch_bounds__(block_threads) put_entries_kernel(SortedEntries e, uint32_t length) {
  const uint32_t* const keys = e.sorted.keys;
  const uint32_t last = e.sorted.n - 1;
  if (keys[last] == length) return;  // one is out of range
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t k = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; k < e.items(); k += step) {
    const Item item(k, e.others.elements);
    const uint32_t key = keys[item.entry];
    if (item.entry < last && keys[item.entry + 1] == key) continue;
    int64_t other[2];
    e.others.locate(item.other, other);
    static_cast<T*>(e.others.data[0])[other[0] + e.places(key)] =
        static_cast<const T*>(e.others.data[1])[other[1] + e.entry_offset(item.entry)];
  }
}

// Calls f with the entries, sorted, in parts of fewer than most_elements other elements.
template <class F>
void for_each_sorted(const Call& c, const Entries& e, const DLTensor& index, const IndexRange& range, F f) {
  if (plugin::size(index) == 0) return;
  if (range.length == 0 || e.others.size() == 0) return check_indices(c, index, range);
  const SortedIndices sorted = sort_indices(c, index, range);
  const Layout<1> entries = layout_of(merged(e.entries), 1);
  for_each_part(merged(e.others), [&](const Arrays<2>& part) {
    f(SortedEntries{layout_of(part, 1), entries, e.places, sorted}, int64_t{sorted.n} * part.size());
  });
}

template <class I>
__global__ void __launch_bounds__(block_threads) check_kernel(Layout<1> index, IndexRange range) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < index.elements; i += step) {
    int64_t offset[1];
    index.locate(i, offset);
    int64_t number = static_cast<const I*>(index.data[0])[offset[0]];
    range.resolve(number);
  }
}

}  // namespace

void copy_indexed(const Call& c, const IndexedCopy& copy, const IndexRange& range, DLDataType index) {
  DLDataType dtype{kDLUInt, static_cast<uint8_t>(copy.operands.item[0] * 8), 1};
  with_bits(dtype, [&]<class T>(Type<T>) {
    plugin::with_integer(index,
                         [&]<class I>(Type<I>) { launch_copy<T, I>(c, copy.operands, copy.places, range); });
  });
}

void add_entries(const Call& c, const Entries& e, const DLTensor& index, const IndexRange& range,
                 DLDataType dtype) {
  for_each_sorted(c, e, index, range, [&](const SortedEntries& sorted, int64_t items) {
    with_number(dtype, [&]<class T>(Type<T>) {
      launch(c, add_entries_kernel<T>, grid_blocks(items), block_threads, sorted,
             static_cast<uint32_t>(range.length));
    });
  });
}

void put_entries(const Call& c, const Entries& e, const DLTensor& index, const IndexRange& range,
                 DLDataType dtype) {
  for_each_sorted(c, e, index, range, [&](const SortedEntries& sorted, int64_t items) {
    with_bits(dtype, [&]<class T>(Type<T>) {
      launch(c, put_entries_kernel<T>, grid_blocks(items), block_threads, sorted,
             static_cast<uint32_t>(range.length));
    });
  });
}

void check_indices(const Call& c, const DLTensor& index, const IndexRange& range) {
  const auto arrays = arrays_of(index);
  if (arrays.size() == 0) return;
  plugin::with_integer(index.dtype, [&]<class I>(Type<I>) {
    for_each_part(merged(arrays), [&](const Arrays<1>& part) {
      const auto layout = layout_of(part, 1);
      launch(c, check_kernel<I>, grid_blocks(layout.elements), block_threads, layout, range);
    });
  });
}

}  // namespace plugrad::cuda

// Kernels that reduce the rows of some arrays, which lie along one axis, and then use what they found to
// write these rows: in one launch, with a team of threads (teams.cuh) for each row.
//
// What is done with a row is said by an object of the device:
//   walked                                operands with an element for each of the row's: the first ones;
//                                         the others have one for the row
//   Item                                  the type of the elements of operands that are walked
//   Acc fold<width>(row, rank, size)      what the thread of that rank finds in its part of the row
//   Acc operator()(a, b)                  combines that
//   finish<width>(row, acc, rank, size)   writes the thread's part
#pragma once

#include <cstdlib>
#include <string>

#include "plugrad/backends/cuda/elementwise.cuh"
#include "plugrad/backends/cuda/teams.cuh"

namespace plugrad::cuda {

// N operands along the axis that is walked, and along the others.
template <int N>
struct RowArrays {
  Arrays<N> others;
  int64_t length = 0;
  int64_t strides[N] = {};
};

template <int N>
RowArrays<N> row_arrays(const DLTensor& shape, int axis) {
  RowArrays<N> a;
  for (int i = 0; i < shape.ndim; ++i)
    if (i != axis) a.others.shape[a.others.ndim++] = shape.shape[i];
  a.length = shape.shape[axis];
  return a;
}
// `t`, of the shape that the rows were made of, as operand k.
template <int N>
void set_walked(RowArrays<N>& a, int k, const DLTensor& t, int axis) {
  for (int i = 0, j = 0; i < t.ndim; ++i)
    if (i != axis) a.others.strides[k][j++] = t.strides[i];
  a.strides[k] = t.strides[axis];
  a.others.data[k] = plugin::data<char>(t);
  a.others.item[k] = t.dtype.bits / 8;
}

// What a kernel needs of the axis.
template <int N>
struct RowAxis {
  int64_t strides[N];
  uint32_t length;
};

// One row.
template <int N>
struct Row {
  void* data[N];
  const RowAxis<N>& axis;

  template <class T>
  __device__ T* at(int k, uint32_t i = 0) const {
    return static_cast<T*>(data[k]) + i * axis.strides[k];
  }
  template <int width>
  __device__ int count(uint32_t pack) const {
    return static_cast<int>(min(uint32_t{width}, axis.length - pack * width));
  }
  template <class T, int width>
  __device__ Pack<T, width> load(int k, uint32_t pack) const {
    return cuda::load<width>(at<const T>(k, pack * width), false, count<width>(pack));
  }
  // Writes f(i) to the thread's elements i of operand k, where f<width>(pack) gives those of a pack.
  template <int width, class T, class F>
  __device__ void write(int k, int rank, int size, F f) const {
    const uint32_t packs = (axis.length + width - 1) / width;
    for (auto pack = static_cast<uint32_t>(rank); pack < packs; pack += static_cast<uint32_t>(size)) {
      const Pack<T, width> values = f(pack);
      store(at<T>(k, pack * width), values, count<width>(pack));
    }
  }
};

// An operand of a row as a source of fold() in reduction.cuh.
template <class T, int N>
struct RowSource {
  const Row<N>& row;
  int operand;
  uint32_t elements;

  template <int width>
  __device__ Pack<T, width> load(uint32_t pack, int) const {
    return row.template load<T, width>(operand, pack);
  }
};

// `rows` counts bytes.
template <class Team, int width, class F, int N>
__global__ void __launch_bounds__(block_threads, resident_blocks)
    row_kernel(F f, Layout<N> rows, RowAxis<N> axis) {
  using Acc = typename F::Acc;
  __shared__ typename Team::template Storage<Acc> shared;
  for (uint32_t first = blockIdx.x * Team::count; first < rows.elements; first += gridDim.x * Team::count) {
    const uint32_t index = first + static_cast<uint32_t>(Team::number());
    const bool exists = index < rows.elements;
    int64_t offset[N];
    rows.locate(exists ? index : 0, offset);
    Row<N> row{{}, axis};
    for (int k = 0; k < N; ++k) row.data[k] = static_cast<char*>(rows.data[k]) + offset[k];
    Acc acc{};
    if (exists) acc = f.template fold<width>(row, Team::rank(), Team::size);
    acc = Team::all_reduce(shared, acc, f);
    if (exists) f.template finish<width>(row, acc, Team::rank(), Team::size);
  }
}

// Calls f with the team that suits the rows, as operand k has them in memory.
template <int N, class F>
void with_row_team(const RowArrays<N>& a, int k, F&& f) {
  constexpr int64_t short_row = 1024, many_columns = 16;
  const Arrays<N> others = merged(a.others);
  const int inner = others.ndim - 1;
  if (others.shape[inner] >= many_columns && std::abs(others.strides[k][inner]) < std::abs(a.strides[k]))
    return f(ColumnTeam<32>());
  if (a.length <= short_row) return f(WarpTeam());
  return f(BlockTeam());
}

// Can the first operands, those that are walked along, be read and written in packs?
template <int N>
bool rows_fit_packs(const RowArrays<N>& a, int walked, int width) {
  for (int k = 0; k < walked; ++k) {
    const auto pack_bytes = static_cast<uintptr_t>(width * a.others.item[k]);
    if (a.strides[k] != 1 || reinterpret_cast<uintptr_t>(a.others.data[k]) % pack_bytes != 0) return false;
    for (int i = 0; i < a.others.ndim; ++i)
      if (a.others.shape[i] > 1 && a.others.strides[k][i] % width != 0) return false;
  }
  return true;
}

template <class Team, int width, int N, class F>
void launch_rows(const Call& c, const RowArrays<N>& a, const F& f) {
  Arrays<N> others = a.others;
  RowAxis<N> axis{{}, static_cast<uint32_t>(a.length)};
  for (int k = 0; k < N; ++k) {
    axis.strides[k] = a.strides[k];
    for (int i = 0; i < others.ndim; ++i) others.strides[k][i] *= others.item[k];
    others.item[k] = 1;
  }
  for_each_part(merged(others), [&](const Arrays<N>& part) {
    const int64_t blocks = ceil_div(part.size(), Team::count);
    launch(c, row_kernel<Team, width, F, N>, grid_blocks(blocks * block_threads), block_threads, f,
           layout_of(part, 1), axis);
  });
}

template <int N, class F>
void for_each_row(const Call& c, const RowArrays<N>& a, const F& f) {
  constexpr int width = 16 / sizeof(typename F::Item);
  if (a.others.size() == 0) return;
  if (a.length >= most_elements)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE,
                          "rows of " + std::to_string(a.length) + " elements are too long for this backend");
  with_row_team(a, F::walked - 1, [&]<class Team>(Team) {
    if constexpr (Team::contiguous)
      if (rows_fit_packs(a, F::walked, width)) return launch_rows<Team, width>(c, a, f);
    launch_rows<Team, 1>(c, a, f);
  });
}

}  // namespace plugrad::cuda

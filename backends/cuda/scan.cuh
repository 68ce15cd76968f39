// Passes along some axes of arrays of any strides, forwards or backwards, with a running value for each
// position of the other axes: running sums, and products of all elements but one. The order in which values
// are combined depends on shapes and strides alone.
//
// A thread makes a pass where there are many, side by side, or where they are short; otherwise blocks do, a
// tile at a time. Where passes are few but long, several blocks make parts of each: a launch finds what each
// part adds, and the next begins each part with what was before it.
//
// What a pass does is said by an object of the device:
//   Running                          the type of running values
//   Running start()                  the value at the beginning
//   Running operator()(a, b)         combines values
//   Running element(place)           what the element at a place adds
//   write(place, before, element)    writes the result there, `before` being the value up to it
#pragma once

#include <cstdlib>
#include <cub/block/block_scan.cuh>
#include <string>

#include "plugrad/backends/cuda/elementwise.cuh"
#include "plugrad/backends/cuda/teams.cuh"

namespace plugrad::cuda {

// Where an element is in each of N operands.
template <int N>
struct Place {
  void* const (&data)[N];
  int64_t offset[N];

  template <class T>
  __device__ T* at(int k) const {
    return static_cast<T*>(data[k]) + offset[k];
  }
};

// One launch.
template <int N, class Running>
struct ScanPass {
  Layout<N> others, along;  // the operands along the axes that stay, and those that are passed
  uint32_t parts = 1, part_elements = 0;
  Running* totals = nullptr;  // what each part adds; of a pass in one part: null
  bool finds_totals = false;  // instead of writing results
};

template <int N>
__device__ Place<N> place_in(const Layout<N>& others, const Layout<N>& along, const int64_t (&first)[N],
                             uint32_t i) {
  Place<N> place{others.data, {}};
  along.locate(i, place.offset);
  for (int k = 0; k < N; ++k) place.offset[k] += first[k];
  return place;
}

template <int N, class F>
__global__ void __launch_bounds__(block_threads)
    thread_scan_kernel(F f, ScanPass<N, typename F::Running> pass) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t p = blockIdx.x * blockDim.x + threadIdx.x; p < pass.others.elements; p += step) {
    int64_t first[N];
    pass.others.locate(p, first);
    typename F::Running running = f.start();
    for (uint32_t i = 0; i < pass.along.elements; ++i) {
      const Place<N> place = place_in(pass.others, pass.along, first, i);
      const typename F::Running element = f.element(place);
      f.write(place, running, element);
      running = f(running, element);
    }
  }
}

inline constexpr int scan_items = 4;  // of a thread, in a tile
inline constexpr uint32_t scan_tile = scan_items * block_threads;

template <int N, class F>
__global__ void __launch_bounds__(block_threads, resident_blocks)
    block_scan_kernel(F f, ScanPass<N, typename F::Running> pass) {
  using Running = typename F::Running;
  using Scan = cub::BlockScan<Running, block_threads>;
  __shared__ union {
    typename Scan::TempStorage scan;
    BlockTeam::Storage<Running> team;
  } shared;
  const uint32_t items = pass.others.elements * pass.parts;
  for (uint32_t item = blockIdx.x; item < items; item += gridDim.x) {
    const uint32_t p = item / pass.parts, part = item - p * pass.parts;
    int64_t first[N];
    pass.others.locate(p, first);
    Running running = f.start();
    if (pass.totals && !pass.finds_totals) {
      for (uint32_t k = threadIdx.x; k < part; k += block_threads)
        running = f(running, pass.totals[item - part + k]);
      running = BlockTeam::all_reduce(shared.team, running, f);
    }
    const uint32_t begin = part * pass.part_elements,
                   end = min(begin + pass.part_elements, pass.along.elements);
    for (uint32_t tile = begin; tile < end; tile += scan_tile) {
      const uint32_t own = tile + threadIdx.x * scan_items;
      Running element[scan_items], before[scan_items], total;
      for (int k = 0; k < scan_items; ++k)
        element[k] = own + k < end ? f.element(place_in(pass.others, pass.along, first, own + k)) : f.start();
      Scan(shared.scan).ExclusiveScan(element, before, running, f, total);
      if (!pass.finds_totals)
        for (int k = 0; k < scan_items; ++k)
          if (own + k < end)
            f.write(place_in(pass.others, pass.along, first, own + k), before[k], element[k]);
      running = f(running, total);
      __syncthreads();
    }
    if (pass.finds_totals && threadIdx.x == 0) pass.totals[item] = running;
  }
}

// N operands of one shape along the axes that stay, and along those that are passed.
template <int N>
struct ScanArrays {
  Arrays<N> others, along;

  // Backwards where `reverse` says so.
  ScanArrays(const DLTensor& shape, const DLTensor* const (&operands)[N], const bool* passed, bool reverse) {
    for (int k = 0; k < N; ++k) {
      others.data[k] = plugin::data<char>(*operands[k]);
      others.item[k] = operands[k]->dtype.bits / 8;
    }
    for (int i = 0; i < shape.ndim; ++i) {
      Arrays<N>& to = passed[i] ? along : others;
      const int64_t length = to.shape[to.ndim] = shape.shape[i];
      for (int k = 0; k < N; ++k) {
        const int64_t stride = operands[k]->strides[i];
        const bool backwards = passed[i] && reverse && length > 0;
        if (backwards) others.data[k] += (length - 1) * stride * others.item[k];
        to.strides[k][to.ndim] = backwards ? -stride : stride;
      }
      ++to.ndim;
    }
    others = merged(others);
    along = merged(along);
  }

  // Is it as well to give each pass to a thread? Operand 0 tells.
  bool suits_threads() const {
    constexpr int64_t many = 4096, few_elements = 32;
    const int64_t across = std::abs(others.strides[0][others.ndim - 1]);
    const bool side_by_side = across < std::abs(along.strides[0][along.ndim - 1]);
    return along.size() <= few_elements || (side_by_side && others.size() >= many);
  }
};

template <int N, class F>
void scan_by_blocks(const Call& c, const F& f, ScanPass<N, typename F::Running>& pass) {
  constexpr int64_t enough_blocks = 1024, tiles_of_part = 4;
  const int64_t passes = pass.others.elements, tiles = ceil_div(pass.along.elements, scan_tile);
  pass.parts = static_cast<uint32_t>(
      std::clamp<int64_t>(std::min(enough_blocks / passes, tiles / tiles_of_part), 1, enough_blocks));
  pass.part_elements = static_cast<uint32_t>(ceil_div(tiles, pass.parts)) * scan_tile;
  const int grid = grid_blocks(passes * pass.parts * block_threads);
  if (pass.parts > 1) {
    pass.totals = c.workspace<typename F::Running>(passes * pass.parts);
    pass.finds_totals = true;
    launch(c, block_scan_kernel<N, F>, grid, block_threads, f, pass);
    pass.finds_totals = false;
  }
  launch(c, block_scan_kernel<N, F>, grid, block_threads, f, pass);
}

template <int N, class F>
void scan(const Call& c, const F& f, const ScanArrays<N>& arrays) {
  if (arrays.others.size() == 0 || arrays.along.size() == 0) return;
  if (arrays.along.size() >= most_elements)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE, "passes over " + std::to_string(arrays.along.size()) +
                                                 " elements are too long for this backend");
  for_each_part(arrays.others, [&](const Arrays<N>& others) {
    ScanPass<N, typename F::Running> pass;
    pass.others = layout_of(others, 1);
    pass.along = layout_of(arrays.along, 1);
    if (!arrays.suits_threads()) return scan_by_blocks(c, f, pass);
    launch(c, thread_scan_kernel<N, F>, grid_blocks(pass.others.elements), block_threads, f, pass);
  });
}

}  // namespace plugrad::cuda

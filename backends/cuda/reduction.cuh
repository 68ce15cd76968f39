// Reductions over any axes of an array of any strides, in an order that depends on shapes and strides alone.
//
// A team of threads (teams.cuh) works on each result. Where results are few but large, several teams do, and
// a second launch combines what they found.
//
// What is reduced how is said by a reducer:
//   In, Acc, Out              types of elements, of partial results, of results
//   Acc start()               the partial result of no elements
//   In neutral()              an element that changes nothing
//   take(acc, x, positions)   takes `at_once<In>` elements, which are at these positions of the reduced axes
//   Acc operator()(a, b)      combines partial results
//   Out finish(acc)
#pragma once

#include <cstdlib>
#include <limits>

#include "plugrad/backends/cuda/elementwise.cuh"
#include "plugrad/backends/cuda/teams.cuh"

namespace plugrad::cuda {

// Elements that a thread loads before it works on them: several loads are under way at a time.
template <class In>
inline constexpr int at_once = std::max<int>(4, 16 / sizeof(In));

// Where the elements are that a reducer takes at once: in packs of `width`, `step` apart. Those behind `end`
// are neutral ones.
template <int width>
struct Positions {
  int64_t first, step, end;
  __device__ int64_t operator[](int i) const { return first + i / width * step + i % width; }
  __device__ bool has(int i) const { return (*this)[i] < end; }
};

// What the thread of `rank` in a team of `size` takes of packs [begin, end) of a source. The source holds
// `elements`, the first of which is at `position`, and gives n elements of a pack by load<width>(pack, n).
template <int width, class R, class Source>
__device__ typename R::Acc fold(const R& r, const Source& source, uint32_t begin, uint32_t end, int rank,
                                int size, int64_t position = 0) {
  using In = typename R::In;
  constexpr int packs = at_once<In> / width;
  typename R::Acc acc = r.start();
  const auto step = static_cast<uint32_t>(size);
  const int64_t last = position + min(int64_t{end} * width, int64_t{source.elements});
  for (uint32_t p = begin + static_cast<uint32_t>(rank); p < end; p += packs * step) {
    In x[at_once<In>];
#pragma unroll
    for (int k = 0; k < packs; ++k) {
      const uint32_t pack = p + static_cast<uint32_t>(k) * step;
      const int n = pack < end ? static_cast<int>(min(uint32_t{width}, source.elements - pack * width)) : 0;
      Pack<In, width> loaded;
      if (n > 0) loaded = source.template load<width>(pack, n);
#pragma unroll
      for (int i = 0; i < width; ++i) x[k * width + i] = i < n ? loaded.element[i] : r.neutral();
    }
    r.take(acc, x, Positions<width>{position + int64_t{p} * width, int64_t{step} * width, last});
  }
  return acc;
}

// The same of all packs.
template <int width, class R, class Source>
__device__ typename R::Acc fold_all(const R& r, const Source& source, int rank, int size) {
  return fold<width>(r, source, 0, (source.elements + width - 1) / width, rank, size);
}

// The sum of n elements, pairwise.
template <int n, class Sum, class T>
__device__ Sum tree_sum(const T* x) {
  if constexpr (n == 1) return static_cast<Sum>(*x);
  else return tree_sum<n / 2, Sum>(x) + tree_sum<n - n / 2, Sum>(x + n / 2);
}

// y = sum x / n. Floats are added up in float64, but for those that a thread takes at once.
template <class T>
struct FloatingSum {
  using In = T;
  using Acc = double;
  using Out = T;
  double n = 1;

  __device__ Acc start() const { return 0; }
  __device__ In neutral() const { return 0; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    acc += tree_sum<at_once<In>, T>(x);
  }
  __device__ Acc operator()(Acc a, Acc b) const { return a + b; }
  __device__ Out finish(Acc acc) const { return static_cast<Out>(acc / n); }
};

// Combines the partial results of a reducer.
template <class R>
struct Merge {
  using In = typename R::Acc;
  using Acc = typename R::Acc;
  using Out = typename R::Out;
  R reducer;

  __device__ Acc start() const { return reducer.start(); }
  __device__ In neutral() const { return reducer.start(); }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    for (const In& partial : x) acc = reducer(acc, partial);
  }
  __device__ Acc operator()(const Acc& a, const Acc& b) const { return reducer(a, b); }
  __device__ Out finish(const Acc& acc) const { return reducer.finish(acc); }
};

// One launch: each of the results, or of `parts` partial results for each.
template <class Acc>
struct ReductionPass {
  Layout<1> along;    // x along the reduced axes
  Layout<2> outputs;  // out and x along the others
  uint32_t parts = 1, part_packs = 0;
  Acc* partials = nullptr;  // null: results are finished
  uint32_t first_part = 0, all_parts = 1;
  int64_t position = 0;  // of the first element of `along`
};

template <class T>
struct StridedSource {
  const T* x;
  const Layout<1>& along;
  uint32_t elements;

  template <int width>
  __device__ Pack<T, width> load(uint32_t pack, int n) const {
    int64_t offset[1];
    along.locate(pack, offset);
    return cuda::load<width>(x + offset[0], along.repeats[0], n);
  }
};

template <class Team, int width, class R>
__global__ void __launch_bounds__(block_threads, resident_blocks)
    reduce_kernel(R r, ReductionPass<typename R::Acc> pass) {
  using In = typename R::In;
  using Acc = typename R::Acc;
  __shared__ typename Team::template Storage<Acc> shared;
  const uint32_t outputs = pass.outputs.elements, items = outputs * pass.parts;
  for (uint32_t first = blockIdx.x * Team::count; first < items; first += gridDim.x * Team::count) {
    const uint32_t item = first + static_cast<uint32_t>(Team::number());
    const uint32_t part = item / outputs, output = item - part * outputs;
    int64_t at[2] = {};
    Acc acc = r.start();
    if (item < items) {
      pass.outputs.locate(output, at);
      const uint32_t begin = part * pass.part_packs, end = min(begin + pass.part_packs, pass.along.packs);
      const StridedSource<In> source{static_cast<const In*>(pass.along.data[0]) + at[1], pass.along,
                                     pass.along.elements};
      acc = fold<width>(r, source, begin, end, Team::rank(), Team::size, pass.position);
    }
    acc = Team::reduce(shared, acc, r);
    if (item >= items || Team::rank() != 0) continue;
    if (pass.partials) pass.partials[int64_t{output} * pass.all_parts + pass.first_part + part] = acc;
    else static_cast<typename R::Out*>(pass.outputs.data[0])[at[0]] = r.finish(acc);
  }
}

// The axes of a reduction, from the one with the largest strides in x to the nearest in memory.
struct ReductionAxes {
  Arrays<2> kept;   // out, x
  Arrays<1> along;  // x
};

// `out` is compact, with or without the reduced axes.
inline ReductionAxes reduction_axes(const DLTensor& x, const bool* reduced, void* out, int out_item) {
  int order[PLUGRAD_MAX_NDIM];
  int64_t out_strides[PLUGRAD_MAX_NDIM], next = 1;
  for (int i = x.ndim; i-- > 0;) {
    out_strides[i] = next;
    if (!reduced[i]) next *= x.shape[i];
  }
  for (int i = 0; i < x.ndim; ++i) {
    int at = i;
    for (; at > 0 && std::abs(x.strides[order[at - 1]]) < std::abs(x.strides[i]); --at)
      order[at] = order[at - 1];
    order[at] = i;
  }
  ReductionAxes axes;
  auto& [kept, along] = axes;
  for (int i = 0; i < x.ndim; ++i) {
    const int axis = order[i];
    if (reduced[axis]) {
      along.shape[along.ndim] = x.shape[axis];
      along.strides[0][along.ndim++] = x.strides[axis];
    } else {
      kept.shape[kept.ndim] = x.shape[axis];
      kept.strides[0][kept.ndim] = out_strides[axis];
      kept.strides[1][kept.ndim++] = x.strides[axis];
    }
  }
  kept.data[0] = static_cast<char*>(out);
  kept.data[1] = along.data[0] = plugin::data<char>(x);
  kept.item[0] = out_item;
  kept.item[1] = along.item[0] = x.dtype.bits / 8;
  return {merged(kept), merged(along)};
}

// Calls f with the team that suits the shape and the order in memory.
template <class F>
void with_team(const Arrays<2>& kept, const Arrays<1>& along, F&& f) {
  constexpr int64_t few = 8, short_row = 1024, many_columns = 16;
  const int64_t n = along.size();
  const int inner = kept.ndim - 1;
  if (n <= few) return f(ColumnTeam<block_threads>());
  if (kept.shape[inner] >= many_columns &&
      std::abs(kept.strides[1][inner]) < std::abs(along.strides[0][along.ndim - 1]))
    return f(ColumnTeam<32>());
  if (n <= short_row) return f(WarpTeam());
  return f(BlockTeam());
}

// Can the elements of each result be loaded in packs?
inline bool packs_fit_along(const Arrays<2>& kept, const Arrays<1>& along, int width) {
  bool fit = true;
  for (int i = 0; i < kept.ndim; ++i) fit &= kept.shape[i] == 1 || kept.strides[1][i] % width == 0;
  for_each_part(along, [&](const Arrays<1>& part) { fit &= packs_fit(part, width); });
  return fit;
}

inline Layout<1> layout_along(const Arrays<1>& along, int width) {
  return along.size() == 0 ? Layout<1>() : layout_of(along, width);
}

// Into how many parts a result is cut: as many as occupy a large GPU, if each has some work for its threads.
// By shapes alone, so that all GPUs give the same bits.
template <class Team>
uint32_t parts_of(uint32_t outputs, uint32_t packs, int packs_at_once) {
  constexpr int64_t enough_blocks = 1024, rounds = 4;
  const int64_t blocks = ceil_div(outputs, Team::count);
  const int64_t most = packs / (Team::size * packs_at_once * rounds);
  return static_cast<uint32_t>(std::max(int64_t{1}, std::min(enough_blocks / blocks, most)));
}

template <class Team, int width, class R>
void launch_reduction(const Call& c, const R& r, const ReductionPass<typename R::Acc>& pass) {
  const int64_t blocks = ceil_div(int64_t{pass.outputs.elements} * pass.parts, Team::count);
  launch(c, reduce_kernel<Team, width, R>, grid_blocks(blocks * block_threads), block_threads, r, pass);
}

// The results from their partial ones: `parts` for each, one result after the other.
template <class R>
void merge_partials(const Call& c, const R& r, Arrays<2> kept, typename R::Acc* partials, uint32_t parts) {
  Arrays<1> along;
  along.ndim = 1;
  along.shape[0] = parts;
  along.strides[0][0] = 1;
  along.data[0] = kept.data[1] = reinterpret_cast<char*>(partials);
  int64_t stride = parts;
  for (int i = kept.ndim; i-- > 0; stride *= kept.shape[i]) kept.strides[1][i] = stride;
  ReductionPass<typename R::Acc> pass;
  pass.along = layout_of(along, 1);
  pass.outputs = layout_of(kept, 1);
  pass.part_packs = parts;
  launch_reduction<WarpTeam, 1>(c, Merge<R>{r}, pass);
}

// Reduces fewer than most_elements results. Reduced axes longer than that are handled in parts anyway.
template <class Team, int width, class R>
void reduce_outputs(const Call& c, const R& r, const Arrays<2>& kept, const Arrays<1>& along) {
  using Acc = typename R::Acc;
  constexpr int packs_at_once = at_once<typename R::In> / width;
  ReductionPass<Acc> pass;
  pass.outputs = layout_of(kept, 1);
  const auto parts = [&](const Arrays<1>& a) {
    return parts_of<Team>(pass.outputs.elements, layout_along(a, width).packs, packs_at_once);
  };
  pass.all_parts = 0;
  for_each_part(along, [&](const Arrays<1>& a) { pass.all_parts += parts(a); });
  if (pass.all_parts > 1) pass.partials = c.workspace<Acc>(int64_t{pass.outputs.elements} * pass.all_parts);
  for_each_part(along, [&](const Arrays<1>& a) {
    pass.along = layout_along(a, width);
    pass.parts = parts(a);
    pass.part_packs = static_cast<uint32_t>(ceil_div(pass.along.packs, pass.parts));
    launch_reduction<Team, width>(c, r, pass);
    pass.first_part += pass.parts;
    pass.position += a.size();
  });
  if (pass.all_parts > 1) merge_partials(c, r, kept, pass.partials, pass.all_parts);
}

// out = the reduction of x over the axes marked in `reduced`; out is compact, with or without these axes.
template <class R>
void reduce(const Call& c, const R& r, const DLTensor& x, const bool* reduced, typename R::Out* out) {
  constexpr int width = std::max<int>(1, 16 / sizeof(typename R::In));
  const ReductionAxes axes = reduction_axes(x, reduced, out, sizeof(typename R::Out));
  if (axes.kept.size() == 0) return;
  for_each_part(axes.kept, [&](const Arrays<2>& kept) {
    Arrays<1> along = axes.along;
    along.data[0] = kept.data[1];
    with_team(kept, along, [&]<class Team>(Team) {
      if constexpr (Team::contiguous && width > 1)
        if (packs_fit_along(kept, along, width)) return reduce_outputs<Team, width>(c, r, kept, along);
      reduce_outputs<Team, 1>(c, r, kept, along);
    });
  });
}

}  // namespace plugrad::cuda

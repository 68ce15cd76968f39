// Compact arrays seen as [outer, channels, inner]: sums over each channel, and functions in which each
// channel has numbers of its own. Where alignment and shape allow, a thread moves 16 bytes at a time.
//
// A channel's sums are made in two launches: teams of threads (teams.cuh) add up parts of it, whose number is
// by shape alone, and a warp for each channel adds those up in their order and does with them what is wanted.
#pragma once

#include <string>

#include "plugrad/backends/cuda/compact.h"
#include "plugrad/backends/cuda/reduction.cuh"

namespace plugrad::cuda {

struct Channels {
  int64_t outer, channels, inner;
  int64_t size() const { return outer * channels * inner; }
  bool across() const { return inner == 1; }  // are neighbours of different channels?
};

// x [n, c, ...].
inline Channels channels_of(const DLTensor& x) {
  Channels s{x.shape[0], x.shape[1], 1};
  for (int i = 2; i < x.ndim; ++i) s.inner *= x.shape[i];
  return s;
}

// One number for each channel, however they lie in memory; zeros where there are none.
template <class T>
struct ChannelNumbers {
  const T* data = nullptr;
  int64_t stride = 0;
  ChannelNumbers() = default;
  explicit ChannelNumbers(const DLTensor& t) : data(plugin::data<const T>(t)), stride(t.strides[0]) {}
  __device__ double operator[](int64_t channel) const {
    return data ? static_cast<double>(data[channel * stride]) : 0;
  }
};

// The compact numbers at v of `width` neighbours, the first of which is of this channel.
template <int width, class T>
__device__ Pack<T, width> of_channels(const T* v, uint32_t channel, bool across) {
  Pack<T, width> pack;
  for (int i = 0; i < width; ++i) pack.element[i] = v[channel + static_cast<uint32_t>(across ? i : 0)];
  return pack;
}
template <int width, class T>
__device__ Pack<T, width> load_at(const T* p, int64_t at) {
  return load<width>(p + at, false, width);
}

template <int K>
struct Sums {
  double of[K];
  __device__ Sums operator()(Sums a, const Sums& b) const {  // the operator that combines them
    for (int k = 0; k < K; ++k) a.of[k] += b.of[k];
    return a;
  }
};

// The sums of K terms over the packs [begin, end) that are those of the thread of `rank` in a team of `size`.
// terms(pack, t) writes the terms of a pack to t[K][width].
template <int K, int width, class T, class F>
__device__ Sums<K> add_packs(uint32_t begin, uint32_t end, int rank, int size, F terms) {
  constexpr int packs = at_once<T> / width;
  Sums<K> sums{};
  const auto step = static_cast<uint32_t>(size);
  for (uint32_t p = begin + static_cast<uint32_t>(rank); p < end; p += packs * step) {
    T t[K][at_once<T>];
#pragma unroll
    for (int q = 0; q < packs; ++q) {
      const uint32_t pack = p + static_cast<uint32_t>(q) * step;
      T one[K][width] = {};
      if (pack < end) terms(pack, one);
#pragma unroll
      for (int k = 0; k < K; ++k)
        for (int i = 0; i < width; ++i) t[k][q * width + i] = one[k][i];
    }
#pragma unroll
    for (int k = 0; k < K; ++k) sums.of[k] += tree_sum<at_once<T>, T>(t[k]);
  }
  return sums;
}

// How the packs of channels are parted.
struct ChannelParts {
  int64_t channels, inner;
  Divisor run;  // packs in a run of `inner` elements
  uint32_t packs, parts, part_packs;
};

// Partial sums [parts, K, channels]. F::K terms; f.terms<width>(at, outer, channel, t) writes those of a
// pack.
template <class Team, int width, class F>
__global__ void __launch_bounds__(block_threads, resident_blocks)
    channel_sums_kernel(F f, ChannelParts p, double* partials) {
  using Acc = Sums<F::K>;
  __shared__ typename Team::template Storage<Acc> shared;
  const int64_t items = p.channels * p.parts, step = int64_t{gridDim.x} * Team::count;
  for (int64_t first = int64_t{blockIdx.x} * Team::count; first < items; first += step) {
    const int64_t item = first + Team::number();
    const auto part = static_cast<uint32_t>(item / p.channels);
    const auto channel = static_cast<uint32_t>(item - part * p.channels);
    Acc sums{};
    if (item < items) {
      const uint32_t begin = part * p.part_packs, end = min(begin + p.part_packs, p.packs);
      sums = add_packs<F::K, width, typename F::Type>(
          begin, end, Team::rank(), Team::size, [&](uint32_t pack, typename F::Type(&t)[F::K][width]) {
            const uint32_t outer = p.run.split(pack);
            f.template terms<width>((outer * p.channels + channel) * p.inner + pack * width, outer, channel,
                                    t);
          });
    }
    sums = Team::reduce(shared, sums, Acc{});
    if (item < items && Team::rank() == 0)
      for (int k = 0; k < F::K; ++k) partials[(part * F::K + k) * p.channels + channel] = sums.of[k];
  }
}

// Calls f(channel, its K sums).
template <int K, class F>
__global__ void __launch_bounds__(block_threads, resident_blocks)
    finish_channels_kernel(F f, const double* partials, uint32_t parts, int64_t channels) {
  using Team = WarpTeam;
  __shared__ typename Team::Storage<Sums<K>> shared;
  const int64_t step = int64_t{gridDim.x} * Team::count;
  for (int64_t first = int64_t{blockIdx.x} * Team::count; first < channels; first += step) {
    const int64_t channel = first + Team::number();
    Sums<K> sums{};
    if (channel < channels)
      for (auto part = static_cast<uint32_t>(Team::rank()); part < parts; part += Team::size)
        for (int k = 0; k < K; ++k) sums.of[k] += partials[(part * int64_t{K} + k) * channels + channel];
    sums = Team::reduce(shared, sums, Sums<K>{});
    if (channel < channels && Team::rank() == 0) f(channel, sums.of);
  }
}

template <int K, class F>
void finish_channels(const Call& c, int64_t channels, const F& finish, const double* partials,
                     uint32_t parts) {
  launch(c, finish_channels_kernel<K, F>, grid_blocks(ceil_div(channels, WarpTeam::count) * block_threads),
         block_threads, finish, partials, parts, channels);
}

// Calls f(channel, nothing) for each channel.
template <class F>
void for_each_channel(const Call& c, int64_t channels, const F& f) {
  if (channels > 0) finish_channels<1>(c, channels, f, nullptr, 0);
}

// Are there only whole packs of `width` in runs of n elements, and is each of these pointers, or null,
// aligned?
template <class T>
bool whole_packs(int64_t n, int width, std::initializer_list<const T*> pointers) {
  bool whole = n % width == 0;
  for (const T* p : pointers)
    whole &= reinterpret_cast<uintptr_t>(p) % (sizeof(T) * static_cast<size_t>(width)) == 0;
  return whole;
}

template <class Team, int width, class F, class Finish>
void launch_channel_sums(const Call& c, const Channels& s, const F& f, const Finish& finish) {
  constexpr int64_t enough_blocks = 1024, rounds = 4, packs_at_once = at_once<typename F::Type> / width;
  const int64_t run = s.inner / width, packs = s.outer * run, blocks = ceil_div(s.channels, Team::count);
  const int64_t most = packs / (Team::size * packs_at_once * rounds);
  const int64_t parts = std::max(int64_t{1}, std::min(enough_blocks / blocks, most));
  const ChannelParts p{s.channels,
                       s.inner,
                       Divisor(static_cast<uint32_t>(std::max<int64_t>(run, 1))),
                       static_cast<uint32_t>(packs),
                       static_cast<uint32_t>(parts),
                       static_cast<uint32_t>(ceil_div(packs, parts))};
  auto* partials = c.workspace<double>(parts * F::K * s.channels);
  launch(c, channel_sums_kernel<Team, width, F>,
         grid_blocks(ceil_div(s.channels * parts, Team::count) * block_threads), block_threads, f, p,
         partials);
  finish_channels<F::K>(c, s.channels, finish, partials, p.parts);
}

// Calls finish(channel, sums of F::K terms) for each channel; f.aligned(inner): may packs be taken?
template <class F, class Finish>
void channel_sums(const Call& c, const Channels& s, const F& f, const Finish& finish) {
  constexpr int64_t short_run = 16, many_columns = 16, short_channel = 1024;
  constexpr int width = 16 / sizeof(typename F::Type);
  const int64_t elements = s.outer * s.inner;
  if (s.channels == 0) return;
  if (elements >= most_elements)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE, "channels of " + std::to_string(elements) +
                                                 " elements are too large for this backend");
  if (s.inner < short_run && s.channels >= many_columns)
    return launch_channel_sums<ColumnTeam<32>, 1>(c, s, f, finish);
  const auto run = [&]<class Team>(Team) {
    if (f.aligned(s.inner, width)) launch_channel_sums<Team, width>(c, s, f, finish);
    else launch_channel_sums<Team, 1>(c, s, f, finish);
  };
  if (elements <= short_channel) run(WarpTeam());
  else run(BlockTeam());
}

// f.apply<width>(at, channel, across) for each pack of an array whose first one is at `base`.
template <int width, class F>
__global__ void __launch_bounds__(block_threads)
    channel_map_kernel(F f, int64_t base, uint32_t packs, Divisor run, Divisor channels, bool across) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t pack = blockIdx.x * blockDim.x + threadIdx.x; pack < packs; pack += step) {
    uint32_t in_run = pack, channel = run.split(in_run);
    if (across) channel = in_run * width;
    else channels.split(channel);
    f.template apply<width>(base + int64_t{pack} * width, channel, across);
  }
}

template <class F>
void channel_map(const Call& c, const Channels& s, const F& f) {
  constexpr int width = 16 / sizeof(typename F::Type);
  const int64_t run = s.across() ? s.channels : s.inner, each = s.channels * s.inner;
  if (s.size() == 0) return;
  if (each >= most_elements)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE,
                          "samples of " + std::to_string(each) + " elements are too large for this backend");
  const auto launch_in = [&](auto kernel, int packed) {
    const int64_t most = (most_elements - 1) / each;
    for (int64_t first = 0; first < s.outer; first += most) {
      const int64_t packs = std::min(most, s.outer - first) * each / packed;
      launch(c, kernel, grid_blocks(packs), block_threads, f, first * each, static_cast<uint32_t>(packs),
             Divisor(static_cast<uint32_t>(run / packed)), Divisor(static_cast<uint32_t>(s.channels)),
             s.across());
    }
  };
  if (f.aligned(run, width)) launch_in(channel_map_kernel<width, F>, width);
  else launch_in(channel_map_kernel<1, F>, 1);
}

}  // namespace plugrad::cuda

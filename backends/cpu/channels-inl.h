// Compact arrays seen as [outer, channels, inner]: sums over each channel, and loops in which each channel
// has numbers of its own. Compiled once per instruction set.
#if defined(PLUGRAD_BACKENDS_CPU_CHANNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BACKENDS_CPU_CHANNELS_INL_H_
#undef PLUGRAD_BACKENDS_CPU_CHANNELS_INL_H_
#else
#define PLUGRAD_BACKENDS_CPU_CHANNELS_INL_H_
#endif

#include "plugrad/backends/cpu/softmax-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {

struct Channels {
  int64_t outer, channels, inner;
  int64_t period;  // how many neighbouring channels make a group
  int64_t size() const { return outer * channels * inner; }
  int64_t groups() const { return channels / std::max<int64_t>(period, 1); }
};

// x [n, c, ...] with channels that are each a group.
inline Channels channels_of(const DLTensor& x) {
  Channels s{x.shape[0], x.shape[1], 1, x.shape[1]};
  for (int i = 2; i < x.ndim; ++i) s.inner *= x.shape[i];
  return s;
}

// Where the elements are that a vector takes: neighbours in memory.
struct Place {
  int64_t at;              // the first of them in the array
  int64_t outer, channel;  // the same by its indices
  int64_t count;           // how many
  bool across;             // the next ones belong to the next channels; else all are of one
};

// The numbers at `v` that the elements' channels have.
template <class D, class T>
HWY_INLINE hn::Vec<D> of_channels(D d, const T* v, const Place& p) {
  return p.across ? load_up_to(d, v + p.channel, p.count) : hn::Set(d, v[p.channel]);
}
template <class D, class T>
HWY_INLINE hn::Vec<D> load_at(D d, const T* x, const Place& p) {
  return load_up_to(d, x + p.at, p.count);
}

// sums[k] += the sum of term k over n neighbours, of which terms(d, i, count, t) writes those from i on to
// t[K]. Lanes are emptied into the sums before they have taken too much.
template <int K, class T, class Terms>
HWY_INLINE void add_sums(int64_t n, double* sums, const Terms& terms) {
  constexpr Full<T> d;
  constexpr int64_t step = lanes<T>;
  for (int64_t i = 0; i < n;) {
    VectorRow<T, K> even, odd, t, u;
    for (int k = 0; k < K; ++k) even[k] = odd[k] = hn::Zero(d);
    const int64_t end = std::min(n, i + 256 * step);
    for (; i + 2 * step <= end; i += 2 * step) {
      terms(d, i, step, t);
      terms(d, i + step, step, u);
      for (int k = 0; k < K; ++k) even[k] = hn::Add(even[k], t[k]), odd[k] = hn::Add(odd[k], u[k]);
    }
    for (; i < end; i += step) {
      const int64_t count = std::min(step, end - i);
      terms(d, i, count, t);
      for (int k = 0; k < K; ++k) even[k] = hn::Add(even[k], keep_first(d, t[k], count));
    }
    for (int k = 0; k < K; ++k)
      sums[k] += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(even[k], odd[k]))));
  }
}

// The sums of K terms for each of `width` vectors of neighbouring channels, over outer indices [begin, end):
// those of term k go to sums[k * s.channels + channel]. The last vector has `count` channels.
template <int K, int width, class T, class Terms>
HWY_INLINE void add_across(const Channels& s, int64_t channel, int64_t count, int64_t begin, int64_t end,
                           double* sums, const Terms& terms) {
  constexpr Full<T> d;
  constexpr int64_t step = lanes<T>;
  double totals[size_t{K}][static_cast<size_t>(width * step)] = {};
  for (int64_t i = begin; i < end;) {
    VectorTile<T, K, width> acc;
    for (int k = 0; k < K; ++k)
      for (int w = 0; w < width; ++w) acc[k][w] = hn::Zero(d);
    for (const int64_t stop = std::min(end, i + 128); i < stop; ++i)
      for (int w = 0; w < width; ++w) {
        const int64_t first = channel + w * step;
        VectorRow<T, K> t;
        terms(d, Place{i * s.channels + first, i, first, width == 1 ? count : step, true}, t);
        for (int k = 0; k < K; ++k) acc[k][w] = hn::Add(acc[k][w], t[k]);
      }
    HWY_ALIGN T values[hn::MaxLanes(d)];
    for (int k = 0; k < K; ++k)
      for (int w = 0; w < width; ++w) {
        hn::Store(acc[k][w], d, values);
        for (int64_t j = 0; j < step; ++j) totals[k][w * step + j] += static_cast<double>(values[j]);
      }
  }
  for (int k = 0; k < K; ++k)
    std::copy_n(totals[k], (width - 1) * step + count, sums + k * s.channels + channel);
}

namespace detail {

// Which channels are worked on together: one, or, where they are neighbours in memory, up to `length` of a
// group.
struct Strips {
  const Channels& s;
  int64_t length, each_group;
  Strips(const Channels& shape, int64_t l)
      : s(shape), length(s.inner == 1 ? l : 1), each_group((s.period + length - 1) / length) {}
  int64_t size() const { return s.groups() * each_group; }
  int64_t first(int64_t strip) const { return strip / each_group * s.period + strip % each_group * length; }
  int64_t count(int64_t strip) const { return std::min(length, s.period - strip % each_group * length); }
};

// Into how many parts the outer axis is cut, where channels are few but large. By shape alone, so that any
// number of threads gives the same bits.
inline int64_t channel_parts(const Channels& s, int64_t strips) {
  if (strips >= 16 || strips == 0) return 1;
  return std::clamp<int64_t>(s.size() / (light_grain * strips), 1, std::clamp<int64_t>(s.outer, 1, 64));
}

}  // namespace detail

// The sums over each channel of K terms: those of term k at sums[k * s.channels]. terms(d, place, t) writes
// the terms of a vector to t[K].
template <int K, class T, class Terms>
void channel_sums(const Call& c, const Channels& s, double* sums, const Terms& terms) {
  constexpr int64_t step = lanes<T>, width = 4;
  const detail::Strips strips(s, width * step);
  const int64_t parts = detail::channel_parts(s, strips.size()), units = strips.size() * parts;
  if (units == 0) return;
  const int64_t all = K * s.channels;
  double* const more = parts > 1 ? c.workspace<double>((parts - 1) * all) : nullptr;
  const auto strip_sums = [&](int64_t strip, int64_t begin, int64_t end, double* to) HWY_ATTR {
    int64_t channel = strips.first(strip), count = strips.count(strip);
    if (s.inner == 1) {
      if (count == width * step) return add_across<K, width, T>(s, channel, step, begin, end, to, terms);
      for (; count > 0; count -= step, channel += step)
        add_across<K, 1, T>(s, channel, std::min(step, count), begin, end, to, terms);
      return;
    }
    double totals[size_t{K}] = {};
    for (int64_t i = begin; i < end; ++i)
      add_sums<K, T>(s.inner, totals, [&](auto d, int64_t j, int64_t n, VectorRow<T, K>& t) HWY_ATTR {
        terms(d, Place{(i * s.channels + channel) * s.inner + j, i, channel, n, false}, t);
      });
    for (int k = 0; k < K; ++k) to[k * s.channels + channel] = totals[k];
  };
  parallel_for(c.threads(), units, light_grain / (s.size() / units + 1) + 1,
               [&](int64_t begin, int64_t end) HWY_ATTR {
                 for (int64_t u = begin; u < end; ++u) {
                   const int64_t part = u % parts;
                   strip_sums(u / parts, s.outer * part / parts, s.outer * (part + 1) / parts,
                              part == 0 ? sums : more + (part - 1) * all);
                 }
               });
  for (int64_t part = 1; part < parts; ++part)
    for (int64_t k = 0; k < all; ++k) sums[k] += more[(part - 1) * all + k];
}

// Calls f(d, place) for all vectors, in parallel.
template <class T, class F>
void for_each_place(const Call& c, const Channels& s, const F& f) {
  const bool across = s.inner == 1;
  const int64_t run = across ? s.channels : s.inner, runs = across ? s.outer : s.outer * s.channels;
  parallel_for(c.threads(), runs, light_grain / std::max<int64_t>(run, 1) + 1,
               [&](int64_t begin, int64_t end) HWY_ATTR {
                 for (int64_t r = begin; r < end; ++r)
                   for_each_vector<T>(run, [&](auto d, int64_t i, int64_t count) HWY_ATTR {
                     if (across) f(d, Place{r * run + i, r, i, count, true});
                     else f(d, Place{r * run + i, r / s.channels, r % s.channels, count, false});
                   });
               });
}

// The same for group `row % s.groups()` of outer index `row / s.groups()`, in this thread.
template <class T, class F>
HWY_INLINE void for_each_place_of_group(const Channels& s, int64_t row, const F& f) {
  const int64_t outer = row / s.groups(), first = row % s.groups() * s.period;
  const int64_t at = row * s.period * s.inner;
  if (s.inner == 1)
    return for_each_vector<T>(s.period, [&](auto d, int64_t i, int64_t count) HWY_ATTR {
      f(d, Place{at + i, outer, first + i, count, true});
    });
  for (int64_t k = 0; k < s.period; ++k)
    for_each_vector<T>(s.inner, [&](auto d, int64_t i, int64_t count) HWY_ATTR {
      f(d, Place{at + k * s.inner + i, outer, first + k, count, false});
    });
}

// The sums of K terms over such a group.
template <int K, class T, class Terms>
HWY_INLINE void add_group_sums(const Channels& s, int64_t row, double* sums, const Terms& terms) {
  const int64_t outer = row / s.groups(), first = row % s.groups() * s.period;
  const int64_t at = row * s.period * s.inner;
  if (s.inner == 1)
    return add_sums<K, T>(s.period, sums, [&](auto d, int64_t i, int64_t count, VectorRow<T, K>& t) HWY_ATTR {
      terms(d, Place{at + i, outer, first + i, count, true}, t);
    });
  for (int64_t k = 0; k < s.period; ++k)
    add_sums<K, T>(s.inner, sums, [&](auto d, int64_t i, int64_t count, VectorRow<T, K>& t) HWY_ATTR {
      terms(d, Place{at + k * s.inner + i, outer, first + k, count, false}, t);
    });
}

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

// max, min, argmax and argmin.
//   max, min: dx = dy split evenly among the elements equal to y. NaN counts as beyond all numbers, and as
//   equal to NaN.   argmax, argmin: forward only
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/extremum.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/shares-inl.h"

#include <cstdlib>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

template <bool largest>
void extremum(const Call& c) {
  const DLTensor &x = c.in(0), &out = c.out();
  common::ReducedAxes reduced;
  common::mark_axes(c, x.ndim, reduced);
  plugin::with_number(out.dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    using Kind = Extremum<T, largest>;
    if (size(out) == 1 && size(x) < 2 * light_grain && contiguous(x))
      *data<T>(out) = fold<Kind>(data<const T>(x), size(x));
    else Reduction(x, reduced, out, VectorReducer<Kind, T>()).run(c);
  });
}
void max(const Call& c) { extremum<true>(c); }
void min(const Call& c) { extremum<false>(c); }

struct Hit {
  template <class T>
  HWY_INLINE T operator()(T x, T y) const {
    return x == y || (x != x && y != y) ? T{1} : T{0};
  }
};
void extremum_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  common::ReducedAxes reduced;
  common::mark_axes(c, x.ndim, reduced);
  plugin::with_floating(c.din(0).dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    int64_t strides[PLUGRAD_MAX_NDIM];
    PlainMap<T, T, T>::run(c, Hit{}, c.din(0), x, common::repeated_along(c.out(), x, reduced, strides));
    share_among_hits<T>(c, reduced);
  });
}
void max_gradient(const Call& c) { extremum_gradient(c); }
void min_gradient(const Call& c) { extremum_gradient(c); }

template <bool largest, class T>
HWY_INLINE bool beats(T v, T best) {
  return (largest ? v > best : v < best) || (v != v && best == best);
}
// The index of the first extremum of n elements.
template <bool largest, class T>
int64_t place_of(const T* x, int64_t n, int64_t stride) {
  int64_t index = 0;
  T best = x[0];
  for (int64_t i = 1; i < n; ++i)
    if (beats<largest>(x[i * stride], best)) best = x[i * stride], index = i;
  return index;
}
// The same for `length` neighbours, `across` apart, row by row: for axes that are not the nearest in memory.
constexpr int64_t place_tile = 64;
template <bool largest, class T>
void places_of_columns(const T* x, int64_t n, int64_t stride, int64_t across, int64_t length, int64_t* out) {
  T best[place_tile];
  for (int64_t j = 0; j < length; ++j) best[j] = x[j * across];
  std::fill_n(out, length, 0);
  for (int64_t i = 1; i < n; ++i) {
    const T* row = x + i * stride;
    for (int64_t j = 0; j < length; ++j)
      if (beats<largest>(row[j * across], best[j])) best[j] = row[j * across], out[j] = i;
  }
}

// Results [begin, end) along the axis of n elements, for the positions that `others` walks.
template <bool largest, class T>
void places(const T* x, int64_t n, int64_t stride, const Walk<1>& others, int64_t begin, int64_t end,
            int64_t* out) {
  const int64_t run = others.run(), across = others.inner(0);
  const bool columns = std::abs(across) < std::abs(stride);
  Cursor<1> at(others, others.ndim - 1, begin / run);
  for (int64_t j = begin % run; begin < end; j = 0, at.next())
    for (int64_t length; j < run && begin < end; j += length, begin += length) {
      const T* p = x + at.offset(0) + j * across;
      length = columns ? std::min({place_tile, run - j, end - begin}) : 1;
      if (columns) places_of_columns<largest>(p, n, stride, across, length, out + begin);
      else out[begin] = place_of<largest>(p, n, stride);
    }
}

template <bool largest>
void place_of_extremum(const Call& c) {
  const DLTensor& x = c.in(0);
  const auto axis = static_cast<int>(c.integer(0) < 0 ? c.integer(0) + x.ndim : c.integer(0));
  const int64_t n = x.shape[axis], stride = x.strides[axis];
  Walk<1> others;
  for (int i = 0; i < x.ndim; ++i)
    if (i != axis) others.push(x.shape[i], {x.strides[i]});
  others.finish();
  if (size(x) == 0) return;
  plugin::with_number(x.dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    parallel_for(c.threads(), others.size(), light_grain / n + 1, [&](int64_t begin, int64_t end) HWY_ATTR {
      places<largest>(data<const T>(x), n, stride, others, begin, end, data<int64_t>(c.out()));
    });
  });
}
void argmax(const Call& c) { place_of_extremum<true>(c); }
void argmin(const Call& c) { place_of_extremum<false>(c); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(max);
PLUGRAD_CPU_KERNELS(min);
PLUGRAD_CPU_FORWARD(argmax);
PLUGRAD_CPU_FORWARD(argmin);
}  // namespace plugrad::cpu
#endif

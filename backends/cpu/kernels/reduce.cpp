// sum, sum_to, mean, max and argmax.
//   sum, sum_to: forward only      mean: y = sum(x) / n; dx = dy / n
//   max: dx = dy split evenly among the elements equal to y. NaN counts as the largest number, and as equal
//   to NaN.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/reduce.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/reducers-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <cstdlib>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

using Axes = bool[PLUGRAD_MAX_NDIM];

// Which axes the attribute names; none: all of them.
void mark_axes(const Call& c, int ndim, Axes& reduced) {
  std::fill_n(reduced, PLUGRAD_MAX_NDIM, c.count(0) == 0);
  for (int i = 0; i < c.count(0); ++i) {
    const int64_t axis = c.integers(0)[i];
    reduced[axis < 0 ? axis + ndim : axis] = true;
  }
}
// The axes over which x is to be added up to have the shape of `out`.
void mark_broadcast_axes(const DLTensor& x, const DLTensor& out, Axes& reduced) {
  for (int i = 0; i < x.ndim; ++i) {
    const int j = i - (x.ndim - out.ndim);
    reduced[i] = j < 0 || (out.shape[j] == 1 && x.shape[i] != 1);
  }
}

// `t`, which an op left when it reduced some axes of x, in the shape of x. `strides` is to live as long.
DLTensor repeated_along(const DLTensor& t, const DLTensor& x, const Axes& reduced,
                        int64_t (&strides)[PLUGRAD_MAX_NDIM]) {
  const bool kept_dims = t.ndim == x.ndim;
  for (int i = 0, j = 0; i < x.ndim; ++i) {
    strides[i] = reduced[i] ? 0 : t.strides[j];
    j += kept_dims || !reduced[i] ? 1 : 0;
  }
  DLTensor view = t;
  view.ndim = x.ndim;
  view.shape = x.shape;
  view.strides = strides;
  return view;
}

template <class Kind, class T>
void reduce(const Call& c, const Axes& reduced, const VectorReducer<Kind, T>& r) {
  const DLTensor &x = c.in(0), &out = c.out();
  if (size(out) == 1 && size(x) < 2 * light_grain && contiguous(x))
    *data<T>(out) = r.result(fold<Kind>(data<const T>(x), size(x)), 1);
  else Reduction(x, reduced, out, r).run(c);
}

void sum_floats(const Call& c, const Axes& reduced) {
  if (plugin::is(c.out().dtype, kDLFloat, 32)) return reduce(c, reduced, VectorReducer<Sum<float>, float>());
  if (plugin::is(c.out().dtype, kDLFloat, 64))
    return reduce(c, reduced, VectorReducer<Sum<double>, double>());
  unsupported_dtype();
}
template <class In, class Out>
void sum_integers(const Call& c, const Axes& reduced) {
  Reduction(c.in(0), reduced, c.out(), IntegerSum<In, Out>()).run(c);
}

void sum(const Call& c) {
  const DLDataType type = c.in(0).dtype;
  Axes reduced;
  mark_axes(c, c.in(0).ndim, reduced);
  if (type.code == kDLFloat) return sum_floats(c, reduced);
  if (plugin::is(type, PLUGRAD_DL_BOOL, 8)) return sum_integers<uint8_t, int64_t>(c, reduced);
  if (plugin::is(type, kDLInt, 32)) return sum_integers<int32_t, int64_t>(c, reduced);
  if (plugin::is(type, kDLInt, 64)) return sum_integers<int64_t, int64_t>(c, reduced);
  unsupported_dtype();
}

void sum_to(const Call& c) {
  const DLDataType type = c.out().dtype;
  Axes reduced;
  mark_broadcast_axes(c.in(0), c.out(), reduced);
  if (type.code == kDLFloat) return sum_floats(c, reduced);
  if (plugin::is(type, kDLInt, 32)) return sum_integers<int32_t, int32_t>(c, reduced);
  if (plugin::is(type, kDLInt, 64)) return sum_integers<int64_t, int64_t>(c, reduced);
  unsupported_dtype();
}

void mean(const Call& c) {
  const DLTensor &x = c.in(0), &out = c.out();
  const int64_t outputs = size(out);
  const double n = static_cast<double>(outputs == 0 ? 1 : size(x) / outputs);
  Axes reduced;
  mark_axes(c, x.ndim, reduced);
  if (plugin::is(out.dtype, kDLFloat, 32)) return reduce(c, reduced, VectorReducer<Sum<float>, float>(n));
  if (plugin::is(out.dtype, kDLFloat, 64)) return reduce(c, reduced, VectorReducer<Sum<double>, double>(n));
  unsupported_dtype();
}

struct DivideBy {
  double n;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(x, hn::Set(d, static_cast<hn::TFromD<D>>(n)));
  }
};
void mean_gradient(const Call& c) {
  const DLTensor &dy = c.dout(), &dx = c.din(0);
  if (size(dx) == 0) return;
  const double n = static_cast<double>(size(dx) / size(dy));
  if (size(dy) == 1) {
    if (plugin::is(dx.dtype, kDLFloat, 32))
      return fill(c.threads(), data<float>(dx), size(dx), *data<float>(dy) / static_cast<float>(n));
    if (plugin::is(dx.dtype, kDLFloat, 64))
      return fill(c.threads(), data<double>(dx), size(dx), *data<double>(dy) / n);
  }
  Axes reduced;
  int64_t strides[PLUGRAD_MAX_NDIM];
  mark_axes(c, dx.ndim, reduced);
  map_floating(c, DivideBy{n}, dx, repeated_along(dy, dx, reduced, strides));
}

void max(const Call& c) {
  Axes reduced;
  mark_axes(c, c.in(0).ndim, reduced);
  plugin::with_number(c.out().dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    reduce(c, reduced, VectorReducer<Maximum<T>, T>());
  });
}

// Are two elements the same one of a maximum?
struct Same {
  template <class T>
  HWY_INLINE bool operator()(T x, T y) const {
    return x == y || (x != x && y != y);
  }
};
struct Share {
  template <class T>
  HWY_INLINE T operator()(T x, T y, T share) const {
    return Same()(x, y) ? share : T{0};
  }
};
struct Quotient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V y) const {
    return hn::Div(x, y);
  }
};

// counts += 1 for each element of x that equals its maximum y. `y` and `counts` are views in the shape of x.
template <class T>
void count_maxima(const DLTensor& x, const DLTensor& y, const DLTensor& counts) {
  const Walk<3> w = walk_over(x, {&x, &y, &counts});
  if (w.size() == 0) return;
  Cursor<3> at(w, w.ndim - 1, 0);
  for (int64_t rows = w.size() / w.run(); rows > 0; --rows, at.next()) {
    const T *px = data<const T>(x) + at.offset(0), *py = data<const T>(y) + at.offset(1);
    T* n = data<T>(counts) + at.offset(2);
    for (int64_t i = 0; i < w.run(); ++i)
      n[i * w.inner(2)] += Same()(px[i * w.inner(0)], py[i * w.inner(1)]) ? T{1} : T{0};
  }
}

void max_gradient(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out(), &dx = c.din(0);
  Axes reduced;
  mark_axes(c, x.ndim, reduced);
  plugin::with_floating(dx.dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    int64_t strides[PLUGRAD_MAX_NDIM], share_strides[PLUGRAD_MAX_NDIM];
    DLTensor share = y;  // first the counts, then dy divided by them
    share.data = c.workspace<T>(size(y));
    share.byte_offset = 0;
    fill(c.threads(), data<T>(share), size(y), T{0});
    const DLTensor y_view = repeated_along(y, x, reduced, strides);
    const DLTensor share_view = repeated_along(share, x, reduced, share_strides);
    count_maxima<T>(x, y_view, share_view);
    map<T>(c, Quotient{}, share, c.dout(), share);
    PlainMap<T, T, T, T>::run(c, Share{}, dx, x, y_view, share_view);
  });
}

template <class T>
HWY_INLINE bool beats(T v, T best) {
  return v > best || (v != v && best == best);
}
// The index of the first largest of n elements.
template <class T>
int64_t argmax_of(const T* x, int64_t n, int64_t stride) {
  int64_t index = 0;
  T best = x[0];
  for (int64_t i = 1; i < n; ++i)
    if (beats(x[i * stride], best)) best = x[i * stride], index = i;
  return index;
}
// The same for `length` neighbours, `across` apart, row by row: for axes that are not the nearest in memory.
constexpr int64_t argmax_tile = 64;
template <class T>
void argmax_of_columns(const T* x, int64_t n, int64_t stride, int64_t across, int64_t length, int64_t* out) {
  T best[argmax_tile];
  for (int64_t j = 0; j < length; ++j) best[j] = x[j * across];
  std::fill_n(out, length, 0);
  for (int64_t i = 1; i < n; ++i) {
    const T* row = x + i * stride;
    for (int64_t j = 0; j < length; ++j)
      if (beats(row[j * across], best[j])) best[j] = row[j * across], out[j] = i;
  }
}

// Results [begin, end) of argmax along the axis of n elements, for the positions that `others` walks.
template <class T>
void argmax_range(const T* x, int64_t n, int64_t stride, const Walk<1>& others, int64_t begin, int64_t end,
                  int64_t* out) {
  const int64_t run = others.run(), across = others.inner(0);
  const bool columns = std::abs(across) < std::abs(stride);
  Cursor<1> at(others, others.ndim - 1, begin / run);
  for (int64_t j = begin % run; begin < end; j = 0, at.next())
    for (int64_t length; j < run && begin < end; j += length, begin += length) {
      const T* p = x + at.offset(0) + j * across;
      length = columns ? std::min({argmax_tile, run - j, end - begin}) : 1;
      if (columns) argmax_of_columns(p, n, stride, across, length, out + begin);
      else out[begin] = argmax_of(p, n, stride);
    }
}

void argmax(const Call& c) {
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
      argmax_range(data<const T>(x), n, stride, others, begin, end, data<int64_t>(c.out()));
    });
  });
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_FORWARD(sum);
PLUGRAD_CPU_FORWARD(sum_to);
PLUGRAD_CPU_KERNELS(mean);
PLUGRAD_CPU_KERNELS(max);
PLUGRAD_CPU_FORWARD(argmax);
}  // namespace plugrad::cpu
#endif

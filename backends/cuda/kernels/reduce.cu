// sum, sum_to, mean, max and argmax.
//
//   sum, sum_to   y = sum x       (forward only)
//   mean          y = sum x / n   dx = dy / n, repeated
//   max           y = max x       dx = dy / k for each of the k elements equal to y, else 0
//   argmax        y = the first index of max x
// NaN counts as the largest number, and as equal to NaN.
#include "plugrad/backends/cuda/reduction.cuh"

namespace plugrad::cuda {
namespace {

// Sums wrap.
template <class T, class Result>
struct IntegerSum {
  using In = T;
  using Acc = uint64_t;
  using Out = Result;

  __device__ Acc start() const { return 0; }
  __device__ In neutral() const { return 0; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    for (const In& value : x) acc += static_cast<Acc>(static_cast<int64_t>(value));
  }
  __device__ Acc operator()(Acc a, Acc b) const { return a + b; }
  __device__ Out finish(Acc acc) const { return static_cast<Out>(acc); }
};

template <class T>
constexpr T lowest = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                          : std::numeric_limits<T>::lowest();
template <class T>
__device__ bool is_nan(T x) {
  return x != x;
}
// Are two elements the same one of a maximum?
template <class T>
__device__ bool same(T x, T y) {
  return x == y || (is_nan(x) && is_nan(y));
}
template <class T>
__device__ bool exceeds(T x, T y) {
  return x > y || (is_nan(x) && !is_nan(y));
}

template <class T>
struct Maximum {
  using In = T;
  using Acc = T;
  using Out = T;

  __device__ Acc start() const { return lowest<T>; }
  __device__ In neutral() const { return lowest<T>; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    for (const In& value : x) acc = (*this)(acc, value);
  }
  __device__ Acc operator()(Acc a, Acc b) const { return exceeds(b, a) ? b : a; }
  __device__ Out finish(Acc acc) const { return acc; }
};

// How many elements are equal to the maximum.
template <class T>
struct MaximaCount {
  using In = T;
  struct Acc {
    T value;
    int64_t count;
  };
  using Out = T;

  __device__ Acc start() const { return {lowest<T>, 0}; }
  __device__ In neutral() const { return lowest<T>; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions positions) const {
    for (int i = 0; i < at_once<In>; ++i) acc = (*this)(acc, Acc{x[i], positions.has(i) ? 1 : 0});
  }
  __device__ Acc operator()(Acc a, Acc b) const {
    if (same(a.value, b.value)) return {a.value, a.count + b.count};
    return exceeds(b.value, a.value) ? b : a;
  }
  __device__ Out finish(Acc acc) const { return static_cast<Out>(acc.count); }
};

template <class T>
struct FirstMaximum {
  using In = T;
  struct Acc {
    T value;
    int64_t index;
  };
  using Out = int64_t;

  __device__ Acc start() const { return {lowest<T>, INT64_MAX}; }
  __device__ In neutral() const { return lowest<T>; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions positions) const {
    for (int i = 0; i < at_once<In>; ++i) acc = (*this)(acc, Acc{x[i], positions[i]});
  }
  __device__ Acc operator()(Acc a, Acc b) const {
    const bool second = exceeds(b.value, a.value) || (same(a.value, b.value) && b.index < a.index);
    return second ? b : a;
  }
  __device__ Out finish(Acc acc) const { return acc.index; }
};

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
  const int lead = x.ndim - out.ndim;
  for (int i = 0; i < x.ndim; ++i) reduced[i] = i < lead || (out.shape[i - lead] == 1 && x.shape[i] != 1);
}

// `t`, which an op left when it reduced some axes of x, in the shape of x. `strides` is to live as long.
DLTensor repeated_along(const DLTensor& t, const DLTensor& x, const Axes& reduced,
                        int64_t (&strides)[PLUGRAD_MAX_NDIM]) {
  const bool kept_dims = t.ndim == x.ndim;
  for (int i = 0, j = 0; i < x.ndim; ++i) {
    strides[i] = reduced[i] ? 0 : t.strides[j];
    if (kept_dims || !reduced[i]) ++j;
  }
  DLTensor view = t;
  view.ndim = x.ndim;
  view.shape = x.shape;
  view.strides = strides;
  return view;
}

template <class R>
void reduce_to_out(const Call& c, const R& r, const Axes& reduced) {
  reduce(c, r, c.in(0), reduced, plugin::data<typename R::Out>(c.out()));
}

void sum(const Call& c) {
  Axes reduced;
  mark_axes(c, c.in(0).ndim, reduced);
  with_any(c.in(0).dtype, [&]<class T>(Type<T>) {
    if constexpr (std::is_floating_point_v<T>) reduce_to_out(c, FloatingSum<T>(), reduced);
    else reduce_to_out(c, IntegerSum<T, int64_t>(), reduced);
  });
}

void sum_to(const Call& c) {
  Axes reduced;
  mark_broadcast_axes(c.in(0), c.out(), reduced);
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    if constexpr (std::is_floating_point_v<T>) reduce_to_out(c, FloatingSum<T>(), reduced);
    else reduce_to_out(c, IntegerSum<T, T>(), reduced);
  });
}

// How many elements of x there are for each result.
double reduced_count(const DLTensor& x, const Axes& reduced) {
  double n = 1;
  for (int i = 0; i < x.ndim; ++i) n *= reduced[i] ? static_cast<double>(x.shape[i]) : 1;
  return n;
}

void mean(const Call& c) {
  Axes reduced;
  mark_axes(c, c.in(0).ndim, reduced);
  const double n = reduced_count(c.in(0), reduced);
  with_floating(c.out().dtype, [&]<class T>(Type<T>) { reduce_to_out(c, FloatingSum<T>{n}, reduced); });
}

struct DivideBy {
  double n;
  template <class T>
  __device__ T operator()(T x) const {
    return x / static_cast<T>(n);
  }
};

void mean_gradient(const Call& c) {
  const DLTensor& dx = c.din(0);
  Axes reduced;
  int64_t strides[PLUGRAD_MAX_NDIM];
  mark_axes(c, dx.ndim, reduced);
  const DivideBy divide{reduced_count(dx, reduced)};
  map_floating(c, divide, dx, repeated_along(c.dout(), dx, reduced, strides));
}

void max(const Call& c) {
  Axes reduced;
  mark_axes(c, c.in(0).ndim, reduced);
  with_number(c.out().dtype, [&]<class T>(Type<T>) { reduce_to_out(c, Maximum<T>(), reduced); });
}

struct Share {
  template <class T>
  __device__ T operator()(T dy, T x, T y, T count) const {
    return same(x, y) ? dy / count : T{0};
  }
};

void max_gradient(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out(), &dx = c.din(0);
  Axes reduced;
  int64_t strides[3][PLUGRAD_MAX_NDIM];
  mark_axes(c, x.ndim, reduced);
  with_floating(dx.dtype, [&]<class T>(Type<T>) {
    DLTensor counts = y;
    counts.data = c.workspace<T>(plugin::size(y));
    counts.byte_offset = 0;
    reduce(c, MaximaCount<T>(), x, reduced, plugin::data<T>(counts));
    map_floating(c, Share{}, dx, repeated_along(c.dout(), x, reduced, strides[0]), x,
                 repeated_along(y, x, reduced, strides[1]), repeated_along(counts, x, reduced, strides[2]));
  });
}

void argmax(const Call& c) {
  const DLTensor& x = c.in(0);
  Axes reduced = {};
  reduced[c.integer(0) < 0 ? c.integer(0) + x.ndim : c.integer(0)] = true;
  with_number(x.dtype, [&]<class T>(Type<T>) { reduce_to_out(c, FirstMaximum<T>(), reduced); });
}

PLUGRAD_FORWARD(sum, sum);
PLUGRAD_FORWARD(sum_to, sum_to);
PLUGRAD_KERNELS(mean, mean, mean_gradient);
PLUGRAD_KERNELS(max, max, max_gradient);
PLUGRAD_FORWARD(argmax, argmax);

}  // namespace
}  // namespace plugrad::cuda

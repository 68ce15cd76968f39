// Strided arrays and the one loop over them: what the kernels know about memory.
//
// Most kernels are two steps: see all operands in one common shape (`broadcast`, `repeat`, `at`, `narrow`),
// then visit the elements that lie in the same place (`for_each`, or `map` where each element is a function
// of its operands). Sums are collected in a `workspace` of doubles and rounded once (`store`).
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <type_traits>
#include <utility>

#include "plugrad/core/plugin.hpp"

namespace plugrad::reference {

using namespace plugin;

// A strided array of T, or of const T; it owns nothing. Strides count elements and may be 0 or negative.
template <class T>
struct View {
  T* data = nullptr;
  int ndim = 0;
  int64_t shape[PLUGRAD_MAX_NDIM] = {};
  int64_t strides[PLUGRAD_MAX_NDIM] = {};

  // The element with this index, which has a number for each axis.
  template <class... Index>
  T& operator()(Index... index) const {
    int axis = 0;
    int64_t offset = 0;
    ((offset += index * strides[axis++]), ...);
    return data[offset];
  }

  // The elements whose index along `axis` is `index`: an array of one axis less.
  View at(int axis, int64_t index) const {
    View part = *this;
    part.data += index * strides[axis];
    std::copy(shape + axis + 1, shape + ndim, part.shape + axis);
    std::copy(strides + axis + 1, strides + ndim, part.strides + axis);
    --part.ndim;
    return part;
  }

  // The elements whose index along `axis` lies in [start, start + length).
  View narrow(int axis, int64_t start, int64_t length) const {
    View part = *this;
    part.data += start * strides[axis];
    part.shape[axis] = length;
    return part;
  }
};

// The elements of `t`, which are of type T; the caller has that right.
template <class T>
View<T> view(const DLTensor& t) {
  View<T> v{data<T>(t), t.ndim};
  std::copy_n(t.shape, t.ndim, v.shape);
  if (size(t) == 0) return v;  // perhaps without memory: strides of 0 step nowhere
  std::copy_n(t.strides, t.ndim, v.strides);
  return v;
}

// A set of axes, one bit each.
using Axes = uint32_t;
constexpr Axes only(int axis) { return Axes{1} << axis; }

// Attribute i as an axis of `t`; negative ones count from the end.
inline int axis_attribute(const Call& c, int i, const DLTensor& t) {
  const int64_t axis = c.integer(i);
  return static_cast<int>(axis < 0 ? axis + t.ndim : axis);
}

// Attribute i as a set of axes of `t`; an empty list means all.
inline Axes axes_attribute(const Call& c, int i, const DLTensor& t) {
  if (c.count(i) == 0) return only(t.ndim) - 1;
  Axes axes = 0;
  for (int k = 0; k < c.count(i); ++k) {
    const int64_t axis = c.integers(i)[k];
    axes |= only(static_cast<int>(axis < 0 ? axis + t.ndim : axis));
  }
  return axes;
}

// `x` repeated to the shape of `like` by NumPy's rule: axes are aligned at the right, those of length 1 are
// repeated.
template <class T>
View<T> broadcast(const View<T>& x, const DLTensor& like) {
  View<T> repeated{x.data, like.ndim};
  const int lead = like.ndim - x.ndim;
  for (int i = 0; i < like.ndim; ++i) {
    repeated.shape[i] = like.shape[i];
    repeated.strides[i] = i < lead || x.shape[i - lead] == 1 ? 0 : x.strides[i - lead];
  }
  return repeated;
}

// `reduced`, the result of reducing the `axes` of an array shaped like `like`, repeated to that array's
// shape. The result has the reduced axes with length 1, or not at all.
template <class T>
View<T> repeat(const View<T>& reduced, const DLTensor& like, Axes axes) {
  View<T> repeated{reduced.data, like.ndim};
  const bool keepdims = reduced.ndim == like.ndim;
  for (int i = 0, k = 0; i < like.ndim; ++i) {
    const bool gone = axes & only(i);
    repeated.shape[i] = like.shape[i];
    repeated.strides[i] = gone ? 0 : reduced.strides[k];
    if (!gone || keepdims) ++k;
  }
  return repeated;
}

// The same elements from the last to the first, which is how for_each then visits them.
template <class T>
View<T> reversed(View<T> x) {
  for (int i = 0; i < x.ndim; ++i) {
    if (x.shape[i] > 0) x.data += (x.shape[i] - 1) * x.strides[i];
    x.strides[i] = -x.strides[i];
  }
  return x;
}

// How many elements of an array of t's shape fall on one of the result when `axes` are reduced.
inline double reduced_count(const DLTensor& t, Axes axes) {
  int64_t n = 1;
  for (int i = 0; i < t.ndim; ++i)
    if (axes & only(i)) n *= t.shape[i];
  return static_cast<double>(n);
}

// An array of `like`'s shape, but of length 1 along `reduced`, that lasts until the kernel is done; all
// elements are `value`.
template <class T>
View<T> workspace(const Call& c, T value, const DLTensor& like, Axes reduced = 0) {
  View<T> v{nullptr, like.ndim};
  int64_t n = 1;
  for (int i = like.ndim; i-- > 0; n *= v.shape[i]) {
    v.shape[i] = reduced & only(i) ? 1 : like.shape[i];
    v.strides[i] = n;
  }
  v.data = c.workspace<T>(std::max<int64_t>(n, 1));
  std::fill_n(v.data, n, value);
  return v;
}

namespace detail {

// A place in a View, and how to go on from it.
template <class T>
struct Cursor {
  T* at;
  const int64_t* strides;  // of the axes still to be walked
};

// for_each over the `ndim` last axes.
template <class F, class... T>
void walk(int ndim, const int64_t* shape, F& f, Cursor<T>... x) {
  if (ndim == 0) {
    f(*x.at...);
  } else if (ndim == 1) {  // without this case it would be right, but slow
    for (int64_t k = 0; k < *shape; ++k) f(x.at[k * *x.strides]...);
  } else {
    for (int64_t k = 0; k < *shape; ++k)
      walk(ndim - 1, shape + 1, f, Cursor<T>{x.at + k * *x.strides, x.strides + 1}...);
  }
}

}  // namespace detail

// Calls f(x's element, the elements of `others` in the same place) for each place, in row-major order; f gets
// references. All arrays have the same shape.
template <class F, class T, class... Others>
void for_each(F f, const View<T>& x, const View<Others>&... others) {
  detail::walk(x.ndim, x.shape, f, detail::Cursor<T>{x.data, x.strides},
               detail::Cursor<Others>{others.data, others.strides}...);
}

using TensorRef = std::reference_wrapper<const DLTensor>;

// out = f(in...), element by element: map<float, float, float>(z, {x, y}, f). `in` are broadcast to out's
// shape. Out and In are the elements' types; f may work in others: floating ops take doubles, so that a
// float32 result is that of double precision, rounded once.
template <class Out, class... In, class F>
void map(const DLTensor& out, const std::array<TensorRef, sizeof...(In)>& in, F f) {
  const auto assign = [&](Out& y, const In&... x) { y = static_cast<Out>(f(x...)); };
  const auto run = [&]<size_t... I>(std::index_sequence<I...>) {
    for_each(assign, view<Out>(out), broadcast(view<const In>(in[I]), out)...);
  };
  run(std::index_sequence_for<In...>{});
}

// The same where all are of out's floating dtype; f takes and gives doubles.
template <size_t n, class F>
void map_floating(const DLTensor& out, const TensorRef (&in)[n], F f) {
  const auto run = [&]<class T, size_t... I>(Type<T>, std::index_sequence<I...>) {
    map<T, std::enable_if_t<(I < n), T>...>(out, {in[I]...}, f);
  };
  with_floating(out.dtype, [&](auto type) { run(type, std::make_index_sequence<n>()); });
}

template <class T>
void fill(const DLTensor& out, T value) {
  std::fill_n(data<T>(out), size(out), value);
}

// Writes sums, collected in a workspace of out's shape, as T.
template <class T, class Sum>
void store(const DLTensor& out, const View<Sum>& sums) {
  for_each([](T& y, Sum sum) { y = static_cast<T>(sum); }, view<T>(out), sums);
}

}  // namespace plugrad::reference

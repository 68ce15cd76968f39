// Walks over strided arrays: broadcasting, merging of axes, and compact copies of what is not compact.
#pragma once

#include <cstddef>
#include <cstring>

#include "plugrad/backends/cpu/parallel.h"
#include "plugrad/core/plugin.hpp"

namespace plugrad::cpu {

using plugin::Call;
using plugin::contiguous;
using plugin::data;
using plugin::size;

// Does the compact array `out` have the shape of `t`, and does `t` lie in memory as it does? May say no
// because of the stride of an axis of length 1.
inline bool same_layout(const DLTensor& t, const DLTensor& out) {
  if (t.ndim != out.ndim) return false;
  bool same = true;
  for (int i = 0; i < t.ndim; ++i) same &= t.shape[i] == out.shape[i] && t.strides[i] == out.strides[i];
  return same;
}

// Is every element of `t` its first one?
inline bool one_value(const DLTensor& t) {
  for (int i = 0; i < t.ndim; ++i)
    if (t.shape[i] != 1 && t.strides[i] != 0) return false;
  return true;
}

// The stride of `t` along one axis of a shape with `ndim` axes to which it is broadcast: aligned at the
// right, 0 where it is repeated.
inline int64_t broadcast_stride(const DLTensor& t, int axis, int ndim) {
  const int i = axis - (ndim - t.ndim);
  return i < 0 || t.shape[i] == 1 ? 0 : t.strides[i];
}

// How N operands lie along the axes of one shape, which is visited in row-major order. Axes of length 1 are
// dropped, and neighbours that are one axis for every operand are merged. Strides count elements; 0:
// repeated.
template <size_t N>
struct Walk {
  int ndim = 0;
  int64_t shape[PLUGRAD_MAX_NDIM];  // of these, [0, ndim) are in use
  int64_t stride[N][PLUGRAD_MAX_NDIM];

  // Adds an axis inside those that are there.
  void push(int64_t length, const int64_t (&strides)[N]) {
    if (length == 1) return;
    bool merges = ndim > 0;
    for (size_t k = 0; k < N && merges; ++k) merges = stride[k][ndim - 1] == strides[k] * length;
    if (merges) shape[ndim - 1] *= length;
    else shape[ndim++] = length;
    for (size_t k = 0; k < N; ++k) stride[k][ndim - 1] = strides[k];
  }

  // To be called after the last push: a single element becomes one axis of length 1.
  void finish() {
    if (ndim > 0) return;
    ndim = 1;
    shape[0] = 1;
    for (size_t k = 0; k < N; ++k) stride[k][0] = 1;
  }

  int64_t size() const {
    int64_t n = 1;
    for (int i = 0; i < ndim; ++i) n *= shape[i];
    return n;
  }
  int64_t run() const { return shape[ndim - 1]; }  // the length of the inner axis
  int64_t inner(size_t k) const { return stride[k][ndim - 1]; }

  // Is operand k compact, row-major?
  bool dense(size_t k) const {
    int64_t expected = 1;
    for (int i = ndim; i-- > 0; expected *= shape[i])
      if (stride[k][i] != expected) return false;
    return true;
  }
  // Is operand k the same for every run along the inner axis?
  bool periodic(size_t k) const {
    for (int i = 0; i + 1 < ndim; ++i)
      if (stride[k][i] != 0) return false;
    return true;
  }
};

// The walk of operands, each broadcast to the shape of `out`.
template <size_t N>
[[gnu::noinline]] Walk<N> walk_over(const DLTensor& out, const DLTensor* const (&operands)[N]) {
  Walk<N> w;
  for (int i = 0; i < out.ndim; ++i) {
    int64_t strides[N];
    for (size_t k = 0; k < N; ++k) strides[k] = broadcast_stride(*operands[k], i, out.ndim);
    w.push(out.shape[i], strides);
  }
  w.finish();
  return w;
}
inline Walk<1> walk_over(const DLTensor& t) { return walk_over(t, {&t}); }

// A position along the first `depth` axes of a walk: the offsets of the operands there, in elements.
template <size_t N>
class Cursor {
 public:
  Cursor(const Walk<N>& walk, int depth, int64_t position) : walk_(walk), depth_(depth) {
    for (int i = depth; i-- > 0;) {
      index_[i] = position % walk.shape[i];
      position /= walk.shape[i];
      for (size_t k = 0; k < N; ++k) offset_[k] += index_[i] * walk.stride[k][i];
    }
  }
  int64_t offset(size_t k) const { return offset_[k]; }
  void next() {
    for (int i = depth_; i-- > 0;) {
      for (size_t k = 0; k < N; ++k) offset_[k] += walk_.stride[k][i];
      if (++index_[i] < walk_.shape[i]) return;
      for (size_t k = 0; k < N; ++k) offset_[k] -= walk_.shape[i] * walk_.stride[k][i];
      index_[i] = 0;
    }
  }

 private:
  const Walk<N>& walk_;
  const int depth_;
  int64_t index_[PLUGRAD_MAX_NDIM];
  int64_t offset_[N] = {};
};

// to[i] = from[i * stride].
template <class T>
void pack_run(T* __restrict to, const T* __restrict from, int64_t stride, int64_t n) {
  if (stride == 1) {
    std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
  } else if (stride == 0) {
    std::fill_n(to, n, *from);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i * stride];
  }
}

// to[i * to_stride] = from[i * from_stride].
template <class T>
void copy_run(T* to, int64_t to_stride, const T* from, int64_t from_stride, int64_t n) {
  if (n == 1) {
    *to = *from;
  } else if (to_stride == 1) {
    pack_run(to, from, from_stride, n);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i * to_stride] = from[i * from_stride];
  }
}

// Copies from one strided array to another: operands 0 and 1 of the walk, whose first elements are given.
template <class T>
void copy_strided(T* to, const T* from, const Walk<2>& w, int threads) {
  if (w.size() == 0) return;
  const int64_t runs = w.size() / w.run();
  parallel_for(threads, runs, std::max<int64_t>(light_grain / w.run(), 1), [&](int64_t begin, int64_t end) {
    Cursor<2> at(w, w.ndim - 1, begin);
    for (int64_t i = begin; i < end; ++i, at.next())
      copy_run(to + at.offset(0), w.inner(0), from + at.offset(1), w.inner(1), w.run());
  });
}

// For kernels that only move elements: calls f with the unsigned integer of the dtype's size.
template <class F>
void with_bits(DLDataType d, F&& f) {
  if (d.bits == 8) return f(plugin::Type<uint8_t>{});
  if (d.bits == 32) return f(plugin::Type<uint32_t>{});
  if (d.bits == 64) return f(plugin::Type<uint64_t>{});
  throw plugin::Failure(PLUGRAD_BAD_DTYPE, "this backend has no kernel for the dtype");
}

namespace detail {

// The axis, not the inner one, along which the operand lies closest in memory, if it lies closer than along
// the inner one: then reading run by run would touch a cache line per element. Otherwise -1.
inline int transposed_axis(const Walk<1>& w) {
  const auto distance = [&w](int i) { return w.stride[0][i] < 0 ? -w.stride[0][i] : w.stride[0][i]; };
  int best = w.ndim - 1;
  for (int i = 0; i + 1 < w.ndim; ++i)
    if (w.stride[0][i] != 0 && distance(i) < distance(best)) best = i;
  return best == w.ndim - 1 ? -1 : best;
}

// Copies with axis `a` and the inner axis in square tiles, so that what is read and what is written stays in
// cache.
template <class T>
void copy_transposed(T* out, const T* x, const Walk<1>& w, int a, int threads) {
  constexpr int64_t tile = 16;
  const int inner = w.ndim - 1;
  Walk<2> rest;  // of x and out, along the other axes
  int64_t out_stride = 1, strides[PLUGRAD_MAX_NDIM] = {};
  for (int i = w.ndim; i-- > 0; out_stride *= w.shape[i]) strides[i] = out_stride;
  for (int i = 0; i < inner; ++i)
    if (i != a) rest.push(w.shape[i], {w.stride[0][i], strides[i]});
  const int64_t out_stride_a = strides[a], length = w.shape[a], run = w.run(), sa = w.stride[0][a],
                s = w.inner(0);
  const int64_t strips = (length + tile - 1) / tile;
  parallel_for(threads, rest.size() * strips, std::max<int64_t>(light_grain / (tile * run), 1),
               [&](int64_t b, int64_t e) {
                 for (int64_t u = b; u < e; ++u) {
                   const Cursor<2> at(rest, rest.ndim, u / strips);
                   const int64_t i0 = u % strips * tile, i1 = std::min(i0 + tile, length);
                   const T* from = x + at.offset(0);
                   T* to = out + at.offset(1);
                   for (int64_t j0 = 0; j0 < run; j0 += tile) {
                     const int64_t j1 = std::min(j0 + tile, run);
                     for (int64_t i = i0; i < i1; ++i)
                       for (int64_t j = j0; j < j1; ++j) to[i * out_stride_a + j] = from[i * sa + j * s];
                   }
                 }
               });
}

}  // namespace detail

// Writes the elements of a strided array, `x` being its first one, in row-major order to `out`.
template <class T>
void copy_to_compact(T* out, const T* x, const Walk<1>& w, int threads) {
  const int64_t n = w.size(), run = w.run();
  if (n == 0) return;
  if (const int a = detail::transposed_axis(w); a >= 0) return detail::copy_transposed(out, x, w, a, threads);
  parallel_for(threads, n, light_grain, [&](int64_t begin, int64_t end) {
    Cursor<1> at(w, w.ndim - 1, begin / run);
    for (int64_t j = begin % run; begin < end; j = 0, at.next()) {
      const int64_t length = std::min(run - j, end - begin);
      pack_run(out + begin, x + at.offset(0) + j * w.inner(0), w.inner(0), length);
      begin += length;
    }
  });
}

// The elements of `t` in row-major order without gaps: where they are, or in workspace of the call.
template <class T>
const T* compact(const Call& c, const DLTensor& t) {
  if (contiguous(t)) return data<T>(t);
  T* copy = c.workspace<T>(size(t));
  copy_to_compact(copy, static_cast<const T*>(data<T>(t)), walk_over(t), c.threads());
  return copy;
}

}  // namespace plugrad::cpu

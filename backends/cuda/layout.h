// How a kernel finds the elements of several strided arrays of one shape: axes are merged where all arrays
// allow it, and the division that turns an element's number into its index costs a multiplication.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

// n / d for n < 2^31, by Granlund and Montgomery, "Division by Invariant Integers using Multiplication",
// 1994.
class Divisor {
 public:
  Divisor() = default;
  explicit Divisor(uint32_t d) : d_(d) {
    while ((uint64_t{1} << shift_) < d) ++shift_;
    magic_ = static_cast<uint32_t>(((uint64_t{1} << 32) * ((uint64_t{1} << shift_) - d)) / d + 1);
  }
  // Divides; `n` becomes the remainder.
  __device__ uint32_t split(uint32_t& n) const {
    const uint32_t q = (__umulhi(n, magic_) + n) >> shift_;
    n -= q * d_;
    return q;
  }

 private:
  uint32_t d_ = 1, magic_ = 1, shift_ = 0;
};

inline constexpr int64_t most_elements = int64_t{1} << 31;  // of one launch; more are handled in parts

// N arrays of one shape. Strides count elements and may be 0 or negative.
template <int N>
struct Arrays {
  int ndim = 0;
  int64_t shape[PLUGRAD_MAX_NDIM] = {};
  int64_t strides[N][PLUGRAD_MAX_NDIM] = {};
  char* data[N] = {};
  int item[N] = {};  // bytes of an element

  int64_t size() const {
    int64_t n = 1;
    for (int i = 0; i < ndim; ++i) n *= shape[i];
    return n;
  }
};

// What of Arrays a kernel needs. It counts in packs of `width` elements along the innermost axis, and its
// strides are those from pack to pack.
template <int N>
struct Layout {
  int outer = 0;  // axes beside the innermost
  uint32_t elements = 0, packs = 0;
  Divisor extents[PLUGRAD_MAX_NDIM];  // in packs, innermost first
  int64_t strides[N][PLUGRAD_MAX_NDIM] = {};
  bool repeats[N] = {};  // the same element throughout the innermost axis
  void* data[N] = {};

  // Where the pack is in each array, in elements. Unrolled, so that parameters are read by constant
  // addresses.
  __device__ void locate(uint32_t pack, int64_t (&offset)[N]) const {
    for (int k = 0; k < N; ++k) offset[k] = 0;
#pragma unroll
    for (int axis = 0; axis < PLUGRAD_MAX_NDIM; ++axis) {
      uint32_t index = pack;
      if (axis < outer) pack = extents[axis].split(index);
      for (int k = 0; k < N; ++k) offset[k] += index * strides[k][axis];
      if (axis == outer) break;
    }
  }
};

// `t` as operand k of `arrays`, repeated to their shape by NumPy's rule.
template <int N>
void set_operand(Arrays<N>& arrays, int k, const DLTensor& t) {
  const int lead = arrays.ndim - t.ndim;
  for (int i = lead; i < arrays.ndim; ++i)
    arrays.strides[k][i] = t.shape[i - lead] == 1 ? 0 : t.strides[i - lead];
  arrays.data[k] = plugin::data<char>(t);
  arrays.item[k] = t.dtype.bits / 8;
}

// `out` and the operands that are repeated to its shape.
template <class... Tensors>
Arrays<1 + sizeof...(Tensors)> arrays_of(const DLTensor& out, const Tensors&... in) {
  Arrays<1 + sizeof...(Tensors)> arrays;
  arrays.ndim = out.ndim;
  std::copy_n(out.shape, out.ndim, arrays.shape);
  int k = 0;
  set_operand(arrays, k++, out);
  (set_operand(arrays, k++, in), ...);
  return arrays;
}

// The arrays without axes of length 1, and with those merged that lie behind each other in all of them. At
// least one axis is left.
template <int N>
Arrays<N> merged(const Arrays<N>& a) {
  Arrays<N> m = a;
  m.ndim = 0;
  for (int i = 0; i < a.ndim; ++i) {
    if (a.shape[i] == 1) continue;
    bool merges = m.ndim > 0;
    for (int k = 0; k < N && merges; ++k) merges = m.strides[k][m.ndim - 1] == a.strides[k][i] * a.shape[i];
    if (!merges) m.shape[m.ndim++] = 1;
    m.shape[m.ndim - 1] *= a.shape[i];
    for (int k = 0; k < N; ++k) m.strides[k][m.ndim - 1] = a.strides[k][i];
  }
  if (m.ndim == 0) {
    m.shape[m.ndim++] = 1;
    for (int k = 0; k < N; ++k) m.strides[k][0] = 1;
  }
  return m;
}

// Can all arrays be read and written in packs of `width` elements, aligned to their size? The one axis of
// contiguous arrays may end with a part of a pack.
template <int N>
bool packs_fit(const Arrays<N>& a, int width) {
  const int inner = a.ndim - 1;
  if (a.ndim > 1 && a.shape[inner] % width != 0) return false;
  for (int k = 0; k < N; ++k) {
    if (a.strides[k][inner] == 0) continue;
    if (a.strides[k][inner] != 1 ||
        reinterpret_cast<uintptr_t>(a.data[k]) % static_cast<uintptr_t>(width * a.item[k]) != 0)
      return false;
    for (int i = 0; i < inner; ++i)
      if (a.strides[k][i] % width != 0) return false;
  }
  return true;
}

template <int N>
Layout<N> layout_of(const Arrays<N>& a, int width) {
  const int inner = a.ndim - 1;
  Layout<N> l;
  l.outer = inner;
  l.elements = static_cast<uint32_t>(a.size());
  l.packs = (l.elements + static_cast<uint32_t>(width) - 1) / static_cast<uint32_t>(width);
  for (int axis = 0; axis < a.ndim; ++axis) {  // innermost first
    const int i = inner - axis;
    l.extents[axis] =
        Divisor(static_cast<uint32_t>(axis == 0 && inner > 0 ? a.shape[i] / width : a.shape[i]));
    for (int k = 0; k < N; ++k) l.strides[k][axis] = a.strides[k][i] * (axis == 0 ? width : 1);
  }
  for (int k = 0; k < N; ++k) {
    l.repeats[k] = a.strides[k][inner] == 0;
    l.data[k] = a.data[k];
  }
  return l;
}

// Calls f with parts of the arrays that hold fewer than most_elements each: halves of the longest axis.
template <int N, class F>
void for_each_part(const Arrays<N>& a, F&& f) {
  if (a.size() < most_elements) return f(a);
  int longest = 0;
  for (int i = 1; i < a.ndim; ++i)
    if (a.shape[i] > a.shape[longest]) longest = i;
  Arrays<N> first = a, second = a;
  first.shape[longest] = a.shape[longest] / 2;
  second.shape[longest] -= first.shape[longest];
  for (int k = 0; k < N; ++k) second.data[k] += first.shape[longest] * a.strides[k][longest] * a.item[k];
  for_each_part(first, f);
  for_each_part(second, f);
}

}  // namespace plugrad::cuda

// What matrix products and row-wise kernels add to Highway: partial loads and stores, sums of several vectors
// at a time, transposition.
#if defined(PLUGRAD_BACKENDS_CPU_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BACKENDS_CPU_VECTORS_INL_H_
#undef PLUGRAD_BACKENDS_CPU_VECTORS_INL_H_
#else
#define PLUGRAD_BACKENDS_CPU_VECTORS_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Full = hn::ScalableTag<T>;
template <class T>
using Vector = hn::Vec<Full<T>>;

// Vectors in registers, if all indices are known when the loops over them are unrolled.
template <class T, int Columns>
using VectorRow = Vector<T>[static_cast<size_t>(Columns)];
template <class T, int Rows, int Columns>
using VectorTile = VectorRow<T, Columns>[static_cast<size_t>(Rows)];

// The 128-bit blocks that a vector consists of; shuffles within them are cheap.
#if HWY_TARGET == HWY_SCALAR
template <class T>
using BlockTag = hn::FixedTag<T, 1>;
#else
template <class T>
using BlockTag = hn::FixedTag<T, 16 / sizeof(T)>;
#endif

template <class T>
inline constexpr int lanes = static_cast<int>(hn::MaxLanes(Full<T>()));
template <class T>
inline constexpr int block_lanes = static_cast<int>(hn::MaxLanes(BlockTag<T>()));

// The first n elements at p, and zeros; n is less than the number of lanes. Nothing else is touched.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_first(D d, const T* p, int64_t n) {
#if HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(n)), d, p);
#else
  HWY_ALIGN T all[hn::MaxLanes(D())] = {};
  for (int64_t i = 0; i < n; ++i) all[i] = p[i];
  return hn::Load(d, all);
#endif
}

// Writes the first n elements, fewer than all; nothing else is touched. Where masked stores are slow, by
// halves.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void store_first(hn::Vec<D> v, D d, T* p, int64_t n) {
#if HWY_TARGET <= HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(d, static_cast<size_t>(n)), d, p);
#elif HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(D()) == 1) {
    if (n == 1) hn::StoreU(v, d, p);
  } else {
    constexpr hn::Half<D> half;
    constexpr int64_t length = hn::MaxLanes(half);
    if (n >= length) {
      hn::StoreU(hn::LowerHalf(half, v), half, p);
      store_first(hn::UpperHalf(half, v), half, p + length, n - length);
    } else {
      store_first(hn::LowerHalf(half, v), half, p, n);
    }
  }
#else
  if (n == 1) hn::Store(v, d, p);
#endif
}

// The sums of block_lanes vectors, as a block.
#if HWY_TARGET == HWY_SCALAR
template <class T>
HWY_INLINE Vector<T> sums(const VectorRow<T, 1>& v) {
  return v[0];
}
#else
template <class D>
HWY_INLINE auto sum_of_blocks(D, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(D()) * sizeof(hn::TFromD<D>) <= 16) {
    return v;
  } else {
    const hn::Half<D> half;
    return sum_of_blocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}
template <class T>
HWY_INLINE hn::Vec<BlockTag<T>> sums(const VectorRow<T, block_lanes<T>>& v) {
  constexpr Full<T> d;
  const auto pair = [=](int i) HWY_ATTR {
    return hn::Add(hn::InterleaveLower(d, v[i], v[i + 1]), hn::InterleaveUpper(d, v[i], v[i + 1]));
  };
  if constexpr (block_lanes<T> == 2) {
    return sum_of_blocks(d, pair(0));
  } else {
    constexpr hn::Repartition<double, Full<T>> pairs;
    const auto x = hn::BitCast(pairs, pair(0)), y = hn::BitCast(pairs, pair(2));
    return sum_of_blocks(d, hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, x, y)),
                                    hn::BitCast(d, hn::InterleaveUpper(pairs, x, y))));
  }
}
#endif

// Copies a square of block_lanes elements a side, transposed: to[j * to_stride + i] = from[i * from_stride +
// j].
HWY_INLINE void transpose_block(double* HWY_RESTRICT to, int64_t to_stride, const double* HWY_RESTRICT from,
                                int64_t from_stride) {
#if HWY_TARGET == HWY_SCALAR
  to[0] = from[0];
  static_cast<void>(to_stride + from_stride);
#else
  const BlockTag<double> d;
  const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + from_stride);
  hn::StoreU(hn::InterleaveLower(d, a, b), d, to);
  hn::StoreU(hn::InterleaveUpper(d, a, b), d, to + to_stride);
#endif
}
HWY_INLINE void transpose_block(float* HWY_RESTRICT to, int64_t to_stride, const float* HWY_RESTRICT from,
                                int64_t from_stride) {
#if HWY_TARGET == HWY_SCALAR
  to[0] = from[0];
  static_cast<void>(to_stride + from_stride);
#else
  const BlockTag<float> d;
  const BlockTag<double> pairs;
  const auto row = [=](int64_t i) HWY_ATTR { return hn::LoadU(d, from + i * from_stride); };
  const auto store = [=](int64_t j, auto v)
                         HWY_ATTR { hn::StoreU(hn::BitCast(d, v), d, to + j * to_stride); };
  const auto a = row(0), b = row(1), c = row(2), e = row(3);
  const auto ab = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto ce = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto ab_upper = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto ce_upper = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  store(0, hn::InterleaveLower(pairs, ab, ce));
  store(1, hn::InterleaveUpper(pairs, ab, ce));
  store(2, hn::InterleaveLower(pairs, ab_upper, ce_upper));
  store(3, hn::InterleaveUpper(pairs, ab_upper, ce_upper));
#endif
}

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

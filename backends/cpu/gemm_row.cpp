// The part of matrix products that takes row by row of a and multiplies it by a matrix whose rows are
// contiguous: c[i][j] = sum over p of a[i][p] b[p][j], with the lanes of a vector running along j. The best
// part for one row, and for outer products.
#include "plugrad/backends/cpu/targets.h"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/gemm_row.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "plugrad/backends/cpu/gemm.h"
#include "plugrad/backends/cpu/parallel.h"
#include "plugrad/backends/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {

// scale[i] = a[i * stride] in all lanes. Side by side they are loaded a block at a time, which leaves the
// ports that load to the rows of b.
template <int Count, class T>
HWY_INLINE void load_scales(const T* a, int64_t stride, VectorRow<T, Count>& scale) {
  constexpr Full<T> d;
  constexpr int block = block_lanes<T>;
  if (block == 1 || Count % block != 0 || stride != 1) {
#pragma GCC unroll 8
    for (int i = 0; i < Count; ++i) scale[i] = hn::Set(d, a[i * stride]);
    return;
  }
#pragma GCC unroll 4
  for (int i = 0; i + block <= Count; i += block) {
    const auto v = hn::LoadDup128(d, a + i);
    scale[i] = hn::Broadcast<0>(v);
    if constexpr (block >= 2) scale[i + 1] = hn::Broadcast<1>(v);
    if constexpr (block == 4) scale[i + 2] = hn::Broadcast<2>(v), scale[i + 3] = hn::Broadcast<3>(v);
  }
}

// Adds `scale` times a row to its sums. The last of `Vectors` vectors has `last` elements if it is not All.
template <bool All, int Vectors, class T>
HWY_INLINE void add_row(Vector<T> scale, const T* HWY_RESTRICT row, int64_t last,
                        VectorRow<T, Vectors>& sum) {
  constexpr Full<T> d;
#pragma GCC unroll 8
  for (int j = 0; j + 1 < Vectors; ++j) sum[j] = hn::MulAdd(scale, hn::LoadU(d, row + j * lanes<T>), sum[j]);
  const T* from = row + (Vectors - 1) * lanes<T>;
  sum[Vectors - 1] =
      hn::MulAdd(scale, All ? hn::LoadU(d, from) : load_first(d, from, last), sum[Vectors - 1]);
}

template <bool All, int Vectors, class T>
HWY_INLINE void store_row(const VectorRow<T, Vectors>& sum, const Product<T>& p, int64_t j, int64_t last) {
  constexpr Full<T> d;
  const int64_t stride = p.c.column_stride, n = (Vectors - 1) * lanes<T> + last;
  T* to = p.c.data + j * stride;
  if (stride == 1 && !p.accumulate) {
#pragma GCC unroll 8
    for (int v = 0; v + 1 < Vectors; ++v) hn::StoreU(sum[v], d, to + v * lanes<T>);
    T* rest = to + (Vectors - 1) * lanes<T>;
    return All ? hn::StoreU(sum[Vectors - 1], d, rest) : store_first(sum[Vectors - 1], d, rest, last);
  }
  HWY_ALIGN T all[static_cast<size_t>(Vectors * lanes<T>)];
#pragma GCC unroll 8
  for (int v = 0; v < Vectors; ++v) hn::Store(sum[v], d, all + v * lanes<T>);
  for (int64_t i = 0; i < n; ++i) to[i * stride] = p.accumulate ? to[i * stride] + all[i] : all[i];
}

// The columns from j on that `Vectors` vectors hold, the last of them `last` if it is not All. Several rows
// at a time are added to sums of their own, so that additions need not wait for each other.
template <bool All, int Vectors, class T>
HWY_INLINE void row_strip(const Product<T>& p, int64_t j, int64_t last) {
  constexpr int rows = Vectors <= 2 ? 8 / Vectors : 2;
  VectorTile<T, rows, Vectors> sum;
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sum[r][v] = hn::Zero(Full<T>());
  const int64_t a_stride = p.a.column_stride, b_row = p.b.row_stride;
  const T* a = p.a.data;
  const T* b = p.b.data + j;
  int64_t left = p.k();
  for (; left >= rows; left -= rows, a += rows * a_stride) {
    VectorRow<T, rows> scale;
    load_scales<rows>(a, a_stride, scale);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r, b += b_row) add_row<All, Vectors>(scale[r], b, last, sum[r]);
  }
  for (; left > 0; --left, a += a_stride, b += b_row)
    add_row<All, Vectors>(hn::Set(Full<T>(), *a), b, last, sum[0]);
#pragma GCC unroll 8
  for (int r = 1; r < rows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sum[0][v] = hn::Add(sum[0][v], sum[r][v]);
  store_row<All, Vectors>(sum[0], p, j, last);
}

// Columns [j, end), by the widest strips that fit.
template <int Vectors, class T>
HWY_INLINE void row_strips(const Product<T>& p, int64_t j, int64_t end) {
  constexpr int64_t width = Vectors * lanes<T>;
  for (; j + width <= end; j += width) row_strip<true, Vectors>(p, j, lanes<T>);
  const int64_t left = end - j;
  if (left > width - lanes<T>) return row_strip<false, Vectors>(p, j, left - (width - lanes<T>));
  if constexpr (Vectors > 1) row_strips<Vectors - 1>(p, j, end);
}

// c = (First ? 0 : c) + what `Rows` rows of b from row q on add, in columns [j, end): where b is wide, it is
// better read row by row than strip by strip. Returns the first column left over.
template <int Rows, bool First, class T>
HWY_INLINE int64_t add_rows(const Product<T>& p, int64_t q, int64_t j, int64_t end) {
  constexpr Full<T> d;
  VectorRow<T, Rows> scale;
  load_scales<Rows>(p.a.data + q * p.a.column_stride, p.a.column_stride, scale);
  const int64_t b_row = p.b.row_stride;
  const T* HWY_RESTRICT b = p.b.data + q * b_row;
  T* HWY_RESTRICT c = p.c.data;
  for (; j + lanes<T> <= end; j += lanes<T>) {
    auto sum = First ? hn::Zero(d) : hn::LoadU(d, c + j);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) sum = hn::MulAdd(scale[r], hn::LoadU(d, b + r * b_row + j), sum);
    hn::StoreU(sum, d, c + j);
  }
  return j;
}

// Columns [begin, end), as many at a time as stay in the L1 cache.
template <class T>
HWY_INLINE void wide_rows(const Product<T>& p, int64_t begin, int64_t end) {
  constexpr int64_t width = 2048;
  constexpr int rows = 4;
  int64_t j = begin;
  for (; begin < end; begin += width) {
    const int64_t stop = HWY_MIN(begin + width, end), k = p.k();
    int64_t q = 0;
    if (!p.accumulate) j = add_rows<1, true>(p, q++, begin, stop);
    for (; q + rows <= k; q += rows) j = add_rows<rows, false>(p, q, begin, stop);
    for (; q < k; ++q) j = add_rows<1, false>(p, q, begin, stop);
  }
  row_strips<1>(p, j, end);
}

// Columns [begin, end) of all rows, one row after the other.
template <class T>
HWY_INLINE void row_part(Product<T> p, int64_t begin, int64_t end) {
  const bool wide = p.c.column_stride == 1 && end - begin >= 8 * lanes<T> && p.k() >= 8;
  for (int64_t i = 0; i < p.m(); ++i, p.a.data += p.a.row_stride, p.c.data += p.c.row_stride) {
    if (wide) wide_rows(p, begin, end);
    else row_strips<4>(p, begin, end);
  }
}
void row_part_float(const Product<float>& p, int64_t begin, int64_t end) { row_part(p, begin, end); }
void row_part_double(const Product<double>& p, int64_t begin, int64_t end) { row_part(p, begin, end); }

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
namespace {

HWY_EXPORT(row_part_float);
HWY_EXPORT(row_part_double);

void row_part(const Product<float>& p, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(row_part_float)(p, begin, end);
}
void row_part(const Product<double>& p, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(row_part_double)(p, begin, end);
}

}  // namespace

template <class T>
void multiply_rows(const Product<T>& p, int threads) {
  if (p.m() == 1)
    return parallel_for(threads, p.n(), multiply_grain / p.k() + 1,
                        [&](int64_t begin, int64_t end) { row_part(p, begin, end); });
  parallel_for(threads, p.m(), light_grain / p.n() + 1, [&](int64_t begin, int64_t end) {
    Product<T> part = p;
    part.a.data += begin * p.a.row_stride;
    part.c.data += begin * p.c.row_stride;
    part.a.rows = part.c.rows = end - begin;
    row_part(part, 0, p.n());
  });
}
template void multiply_rows(const Product<float>&, int);
template void multiply_rows(const Product<double>&, int);

}  // namespace plugrad::cpu
#endif

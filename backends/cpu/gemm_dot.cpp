// The part of matrix products in which both operands lie contiguous along k: tiles of dot products,
// c[i][j] = sum over p of a[i][p] b[p][j], with the lanes of a vector running along p. The best part for
// products that are narrow in n, and for matrix-vector products.
#include "plugrad/backends/cpu/targets.h"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/gemm_dot.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "plugrad/backends/cpu/gemm.h"
#include "plugrad/backends/cpu/parallel.h"
#include "plugrad/backends/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {

// A tile has up to this many columns: one or two blocks of sums.
constexpr int most_columns = 4;

// Adds what `count` elements along k contribute, all lanes of a vector or fewer.
template <int Rows, int Columns, bool All, class T>
HWY_INLINE void dot_step(const T* HWY_RESTRICT a, int64_t a_row, const T* HWY_RESTRICT b, int64_t b_column,
                         int64_t count, VectorTile<T, Rows, most_columns>& sum) {
  constexpr Full<T> d;
  const auto load = [=](const T* from) HWY_ATTR {
    if constexpr (All) return hn::LoadU(d, from);
    return load_first(d, from, count);
  };
  VectorRow<T, Columns> u;
#pragma GCC unroll 4
  for (int j = 0; j < Columns; ++j) u[j] = load(b + j * b_column);
#pragma GCC unroll 4
  for (int i = 0; i < Rows; ++i) {
    const auto v = load(a + i * a_row);
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) sum[i][j] = hn::MulAdd(v, u[j], sum[i][j]);
  }
}

// Writes or adds the first `n` values of a block.
template <class T>
HWY_INLINE void store_block(hn::Vec<BlockTag<T>> v, T* to, int64_t stride, int64_t n, bool accumulate) {
  constexpr BlockTag<T> d;
  if (stride == 1 && n == block_lanes<T>) {
    if (accumulate) v = hn::Add(v, hn::LoadU(d, to));
    return hn::StoreU(v, d, to);
  }
  HWY_ALIGN T all[block_lanes<T>];
  hn::Store(v, d, all);
  for (int64_t i = 0; i < n; ++i) to[i * stride] = accumulate ? to[i * stride] + all[i] : all[i];
}

// Writes or adds the sums of the first `Columns` vectors.
template <int Columns, class T>
HWY_INLINE void store_sums(const VectorRow<T, most_columns>& v, T* to, int64_t stride, bool accumulate) {
  constexpr int block = block_lanes<T>;
#pragma GCC unroll 4
  for (int j = 0; j < Columns; j += block) {
    VectorRow<T, block> u;
#pragma GCC unroll 4
    for (int i = 0; i < block; ++i) u[i] = v[j + i];
    store_block<T>(sums<T>(u), to + j * stride, stride, HWY_MIN(block, Columns - j), accumulate);
  }
}

// Rows [i, i + Rows) and columns [j, j + Columns) of the product.
template <int Rows, int Columns, class T>
HWY_INLINE void dot_tile(const Product<T>& p, int64_t i, int64_t j) {
  const T* a = p.a.data + i * p.a.row_stride;
  const T* b = p.b.data + j * p.b.column_stride;
  VectorTile<T, Rows, most_columns> sum;
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int c = 0; c < most_columns; ++c) sum[r][c] = hn::Zero(Full<T>());
  int64_t left = p.k();
  for (; left >= lanes<T>; left -= lanes<T>, a += lanes<T>, b += lanes<T>)
    dot_step<Rows, Columns, true, T>(a, p.a.row_stride, b, p.b.column_stride, left, sum);
  if (left > 0) dot_step<Rows, Columns, false, T>(a, p.a.row_stride, b, p.b.column_stride, left, sum);
  T* c = p.c.data + i * p.c.row_stride + j * p.c.column_stride;
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r)
    store_sums<Columns, T>(sum[r], c + r * p.c.row_stride, p.c.column_stride, p.accumulate);
}

// Columns [j, end) of rows [i, i + Rows), by tiles as even as possible: narrow ones wait for their additions.
template <int Rows, class T>
HWY_INLINE void dot_rows(const Product<T>& p, int64_t i, int64_t j, int64_t end) {
  for (int64_t left = end - j; left > 0; left = end - j) {
    if (left == 1) return dot_tile<Rows, 1>(p, i, j);
    if (left == 2) return dot_tile<Rows, 2>(p, i, j);
    if (left == 3 || left == 5 || left == 6 || left == 9) {
      dot_tile<Rows, 3>(p, i, j), j += 3;
    } else {
      dot_tile<Rows, 4>(p, i, j), j += 4;
    }
  }
}

// Columns [j, end) of a product with one row that fits in `Vectors` registers.
template <int Vectors, class T>
HWY_INLINE void dot_short_row(const Product<T>& p, int64_t j, int64_t end) {
  constexpr Full<T> d;
  constexpr int block = block_lanes<T>, before_last = (Vectors - 1) * lanes<T>;
  const int64_t last = p.k() - before_last, b_column = p.b.column_stride, c_column = p.c.column_stride;
  const bool accumulate = p.accumulate;
  VectorRow<T, Vectors> u;
#pragma GCC unroll 4
  for (int v = 0; v + 1 < Vectors; ++v) u[v] = hn::LoadU(d, p.a.data + v * lanes<T>);
  u[Vectors - 1] = load_first(d, p.a.data + before_last, last);
  const auto column = [=, &u](const T* b) HWY_ATTR {
    auto sum = hn::Mul(u[Vectors - 1], load_first(d, b + before_last, last));
#pragma GCC unroll 4
    for (int v = 0; v + 1 < Vectors; ++v) sum = hn::MulAdd(u[v], hn::LoadU(d, b + v * lanes<T>), sum);
    return sum;
  };
  const T* b = p.b.data + j * b_column;
  T* c = p.c.data + j * c_column;
  VectorRow<T, block> sum = {};
  for (; j + block <= end; j += block, b += block * b_column, c += block * c_column) {
#pragma GCC unroll 4
    for (int i = 0; i < block; ++i) sum[i] = column(b + i * b_column);
    store_block<T>(sums<T>(sum), c, c_column, block, accumulate);
  }
  for (; j < end; ++j, b += b_column, c += c_column) {
    sum[0] = column(b);
    store_block<T>(sums<T>(sum), c, c_column, 1, accumulate);
  }
}

// The part of the product in rows [i, row_end) and columns [j, column_end).
template <class T>
void dot_part(const Product<T>& p, int64_t i, int64_t row_end, int64_t j, int64_t column_end) {
  if (p.m() == 1 && p.k() <= lanes<T>) return dot_short_row<1>(p, j, column_end);
  if (p.m() == 1 && p.k() <= 2 * lanes<T>) return dot_short_row<2>(p, j, column_end);
  if (p.m() == 1 && p.k() <= 3 * lanes<T>) return dot_short_row<3>(p, j, column_end);
  if (p.m() == 1 && p.k() <= 4 * lanes<T>) return dot_short_row<4>(p, j, column_end);
  for (; i + 3 <= row_end; i += 3) dot_rows<3>(p, i, j, column_end);
  if (row_end - i == 2) dot_rows<2>(p, i, j, column_end);
  if (row_end - i == 1) dot_rows<1>(p, i, j, column_end);
}
void dot_part_float(const Product<float>& p, int64_t i, int64_t row_end, int64_t j, int64_t column_end) {
  dot_part(p, i, row_end, j, column_end);
}
void dot_part_double(const Product<double>& p, int64_t i, int64_t row_end, int64_t j, int64_t column_end) {
  dot_part(p, i, row_end, j, column_end);
}

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
namespace {

HWY_EXPORT(dot_part_float);
HWY_EXPORT(dot_part_double);

void dot_part(const Product<float>& p, int64_t i, int64_t row_end, int64_t j, int64_t column_end) {
  HWY_DYNAMIC_DISPATCH(dot_part_float)(p, i, row_end, j, column_end);
}
void dot_part(const Product<double>& p, int64_t i, int64_t row_end, int64_t j, int64_t column_end) {
  HWY_DYNAMIC_DISPATCH(dot_part_double)(p, i, row_end, j, column_end);
}

}  // namespace

// Threads share the longer side.
template <class T>
void multiply_dot(const Product<T>& p, int threads) {
  const int64_t m = p.m(), n = p.n(), k = p.k();
  if (m >= n)
    parallel_for(threads, m, multiply_grain / (n * k) + 1,
                 [&](int64_t begin, int64_t end) { dot_part(p, begin, end, 0, n); });
  else
    parallel_for(threads, n, multiply_grain / (m * k) + 1,
                 [&](int64_t begin, int64_t end) { dot_part(p, 0, m, begin, end); });
}
template void multiply_dot(const Product<float>&, int);
template void multiply_dot(const Product<double>&, int);

}  // namespace plugrad::cpu
#endif

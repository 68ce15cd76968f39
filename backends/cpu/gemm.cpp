// Chooses how a matrix product is computed, by its shape and strides.
#include "plugrad/backends/cpu/gemm.h"

#include <algorithm>

#include "plugrad/backends/cpu/onednn.h"
#include "plugrad/backends/cpu/parallel.h"

namespace plugrad::cpu {
namespace {

template <class T>
void fill_zero(const Matrix<T>& c) {
  for (int64_t i = 0; i < c.rows; ++i)
    for (int64_t j = 0; j < c.columns; ++j) c.data[i * c.row_stride + j * c.column_stride] = T{0};
}

// Copies to compact columns.
template <class T>
Matrix<const T> copy_by_columns(const Matrix<const T>& x, T* to) {
  for (int64_t j = 0; j < x.columns; ++j)
    for (int64_t i = 0; i < x.rows; ++i) to[j * x.rows + i] = x.data[i * x.row_stride + j * x.column_stride];
  return {to, x.rows, x.columns, 1, x.rows};
}

// Dot products want both operands contiguous along k; a is, and b is made so.
template <class T>
void multiply_dot_packed(Product<T> p, Scratch& scratch, int threads) {
  if (p.b.row_stride != 1) p.b = copy_by_columns(p.b, scratch.get<T>(p.k() * p.n()));
  multiply_dot(p, threads);
}

template <class T>
void multiply_vector(Product<T> p, Scratch& scratch, int threads) {
  if (p.b.column_stride == 1) return multiply_rows(p, threads);
  if (p.b.row_stride != 1) return multiply_blocked(p, scratch, threads);
  if (p.a.column_stride != 1) p.a = copy_by_columns(p.a.transposed(), scratch.get<T>(p.k())).transposed();
  multiply_dot(p, threads);
}

// What multiply_blocked computes, with what its vectors hold in vain, and what writing c in a scattered way
// costs.
template <class T>
int64_t blocked_cost(const Product<T>& p) {
  constexpr int64_t lanes = 32 / sizeof(T);
  return p.m() * ((p.n() + lanes - 1) / lanes * lanes) * p.k() +
         (p.c.column_stride == 1 ? 0 : 8 * p.m() * p.n());
}
template <class T>
void multiply_blocked_either_way(const Product<T>& p, Scratch& scratch, int threads) {
  const Product<T> transposed = p.transposed();
  multiply_blocked(blocked_cost(transposed) < blocked_cost(p) ? transposed : p, scratch, threads);
}

constexpr int64_t narrow = 12;  // columns

// One of c's sides is shorter than a tile of a general product. n is the short one here.
template <class T>
bool multiply_narrow(const Product<T>& p, Scratch& scratch, int threads) {
  constexpr int64_t lanes = 32 / sizeof(T);
  if (p.n() > narrow) return false;
  if (p.a.column_stride == 1 && p.k() >= 8 * lanes) {
    multiply_dot_packed(p, scratch, threads);
    return true;
  }
  if (p.a.row_stride == 1 && p.k() >= 4 * lanes) {
    multiply_blocked(p.transposed(), scratch, threads);
    return true;
  }
  return false;
}

// As BLAS wants an operand: one stride is 1, the other no less than what lies along that.
bool has_unit_stride(const Matrix<const float>& x) {
  return (x.column_stride == 1 && x.row_stride >= std::max<int64_t>(x.columns, 1)) ||
         (x.row_stride == 1 && x.column_stride >= std::max<int64_t>(x.rows, 1));
}

void multiply_general(const Product<double>& p, Scratch& scratch, int threads) {
  multiply_blocked_either_way(p, scratch, threads);
}
void multiply_general(const Product<float>& p, Scratch& scratch, int threads) {
  constexpr int64_t small = 24 * 1024;  // multiply-adds, for which oneDNN's fixed cost shows
  const int64_t work = p.m() * p.n() * p.k();
  if (work <= small || p.c.column_stride != 1 || !has_unit_stride(p.a) || !has_unit_stride(p.b))
    return multiply_blocked_either_way(p, scratch, threads);
  onednn::sgemm(p, static_cast<int>(std::clamp<int64_t>(work / multiply_grain, 1, threads)));
}

}  // namespace

template <class T>
void multiply(const Product<T>& p, Scratch& scratch, int threads) {
  const int64_t m = p.m(), n = p.n(), k = p.k();
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!p.accumulate) fill_zero(p.c);
    return;
  }
  if (m == 1) return multiply_vector(p, scratch, threads);
  if (n == 1) return multiply_vector(p.transposed(), scratch, threads);
  if (k <= 2 && p.b.column_stride == 1) return multiply_rows(p, threads);
  if (multiply_narrow(m < n ? p.transposed() : p, scratch, threads)) return;
  multiply_general(p, scratch, threads);
}
template <class T>
size_t scratch_bytes(const Product<T>& p) {
  const int64_t m = p.m(), n = p.n(), k = p.k();
  const int64_t packed = k * std::min<int64_t>({m, n, narrow});  // a short operand
  return static_cast<size_t>(std::max({packed, blocked_scratch(m, n, k), blocked_scratch(n, m, k)})) *
         sizeof(T);
}
template size_t scratch_bytes(const Product<float>&);
template size_t scratch_bytes(const Product<double>&);

template void multiply(const Product<float>&, Scratch&, int);
template void multiply(const Product<double>&, Scratch&, int);

}  // namespace plugrad::cpu

// cuBLAS's matrices are column-major, where c lies as its transpose: it is told to compute c^T = b^T a^T.
#include "plugrad/backends/cuda/gemm.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "plugrad/backends/cuda/batch_pointers.h"
#include "plugrad/backends/cuda/compact.h"
#include "plugrad/backends/cuda/cublas.h"
#include "plugrad/backends/cuda/status.h"
#include "plugrad/backends/cuda/streams.h"

namespace plugrad::cuda {

namespace {

using plugin::Call;
using plugin::ProductAxes;
using plugin::ProductAxis;

using Stride = int64_t ProductAxis::*;  // of a, b or c

// How cuBLAS takes a matrix: as `op` of a column-major one whose columns lie `ld` elements apart.
struct Form {
  cublasOperation_t op;
  int64_t ld;
};

// The distance between columns, if the elements of each lie next to each other and the columns apart. An axis
// of length 1 may have any stride.
std::optional<int64_t> leading_dimension(const ProductAxis& rows, const ProductAxis& columns, Stride s) {
  const int64_t ld = columns.length == 1 ? rows.length : columns.*s;
  if ((rows.length != 1 && rows.*s != 1) || ld < rows.length) return {};
  return ld;
}

std::optional<Form> form(const ProductAxis& rows, const ProductAxis& columns, Stride s) {
  if (const auto ld = leading_dimension(rows, columns, s)) return Form{CUBLAS_OP_N, *ld};
  if (const auto ld = leading_dimension(columns, rows, s)) return Form{CUBLAS_OP_T, *ld};
  return {};
}

// Do the axes that are summed over lie one behind the other, as one k?
bool sums_go_on(const ProductAxes& p, Stride s) {
  int64_t length = p.k.length;
  for (int i = 0; i < p.batch_ndim; ++i) {
    const ProductAxis& axis = p.batch[i];
    if (axis.c != 0) continue;
    if (axis.*s != length * p.k.*s) return false;
    length *= axis.length;
  }
  return true;
}

// An operand, with matrices of `own` and k, in a form that cuBLAS takes, and with all that is summed over as
// one k: where it is, or as a copy, whose strides then stand in the axes.
template <class T>
const T* in_form(const Call& call, const T* data, ProductAxes& p, ProductAxis& own, Stride s) {
  if (form(own, p.k, s) && sums_go_on(p, s)) return data;
  ProductAxis* order[PLUGRAD_MAX_NDIM];  // of the copy, innermost first
  int ndim = 0;
  const auto add_batch = [&](bool summed) {
    for (int i = 0; i < p.batch_ndim; ++i)
      if ((p.batch[i].c == 0) == summed && (summed || p.batch[i].*s != 0)) order[ndim++] = &p.batch[i];
  };
  order[ndim++] = &p.k;
  add_batch(true);
  order[ndim++] = &own;
  add_batch(false);
  int64_t shape[PLUGRAD_MAX_NDIM], strides[PLUGRAD_MAX_NDIM], next = 1;
  for (int i = 0; i < ndim; next *= order[i++]->length) {
    shape[ndim - 1 - i] = order[i]->length;
    strides[ndim - 1 - i] = std::exchange(order[i]->*s, next);
  }
  const DLTensor t = {.data = const_cast<T*>(data),
                      .device = {},
                      .ndim = ndim,
                      .dtype = {kDLFloat, 8 * sizeof(T), 1},
                      .shape = shape,
                      .strides = strides,
                      .byte_offset = 0};
  return compact<T>(call, t);
}

// The interface with 64-bit sizes takes all that arrays can have.
template <class T>
struct Cublas;
template <>
struct Cublas<float> {
  static constexpr auto* gemm = cublasSgemm_64;
  static constexpr auto* gemm_strided_batched = cublasSgemmStridedBatched_64;
  static constexpr auto* gemm_batched = cublasSgemmBatched_64;
  static constexpr const char *gemm_name = "cublasSgemm_64",
                              *gemm_strided_batched_name = "cublasSgemmStridedBatched_64",
                              *gemm_batched_name = "cublasSgemmBatched_64";
};
template <>
struct Cublas<double> {
  static constexpr auto* gemm = cublasDgemm_64;
  static constexpr auto* gemm_strided_batched = cublasDgemmStridedBatched_64;
  static constexpr auto* gemm_batched = cublasDgemmBatched_64;
  static constexpr const char *gemm_name = "cublasDgemm_64",
                              *gemm_strided_batched_name = "cublasDgemmStridedBatched_64",
                              *gemm_batched_name = "cublasDgemmBatched_64";
};

// The manual wants strides of batches that are not zero; where there are several axes, or such a one, or one
// that is walked backwards, each matrix is pointed at.
bool has_one_stride(const ProductAxes& p) {
  return p.batch_ndim == 1 && p.batch[0].a > 0 && p.batch[0].b > 0;
}

// What is left are c's rows without gaps, and batch axes along which c moves.
template <class T>
void multiply_dense(const Call& call, const ProductAxes& p, const T* a, const T* b, T* c, T beta) {
  const Form first = form(p.n, p.k, &ProductAxis::b).value(),
             second = form(p.k, p.m, &ProductAxis::a).value();
  const int64_t m = p.n.length, n = p.m.length, k = p.k.length, ldc = n == 1 ? m : p.m.c;
  const T one = 1;
  const cublasHandle_t handle = cublas(call);
  if (p.batch_ndim == 0) {
    check(
        Cublas<T>::gemm(handle, first.op, second.op, m, n, k, &one, b, first.ld, a, second.ld, &beta, c, ldc),
        Cublas<T>::gemm_name);
  } else if (has_one_stride(p)) {
    const ProductAxis& batch = p.batch[0];
    check(Cublas<T>::gemm_strided_batched(handle, first.op, second.op, m, n, k, &one, b, first.ld, batch.b, a,
                                          second.ld, batch.a, &beta, c, ldc, batch.c, batch.length),
          Cublas<T>::gemm_strided_batched_name);
  } else {
    const BatchPointers<T> at = batch_pointers(call, p, a, b, c);
    check(Cublas<T>::gemm_batched(handle, first.op, second.op, m, n, k, &one, at.b, first.ld, at.a, second.ld,
                                  &beta, at.c, ldc, at.count),
          Cublas<T>::gemm_batched_name);
  }
}

}  // namespace

template <class T>
void multiply(const Call& call, const ProductAxes& axes, const T* a, const T* b, T* c, bool accumulate) {
  const int64_t size = axes.size();
  if (size == 0) return;
  if (axes.terms() == 0) {
    if (!accumulate)
      check(cudaMemsetAsync(c, 0, static_cast<size_t>(size) * sizeof(T), stream(call)), "cudaMemsetAsync");
    return;
  }
  ProductAxes p = plugin::folded(axes);
  a = in_form(call, a, p, p.m, &ProductAxis::a);
  b = in_form(call, b, p, p.n, &ProductAxis::b);
  p = plugin::folded(p);
  const bool by_columns = p.n.length != 1 && p.n.c != 1;
  if (by_columns) std::swap(a, b);
  multiply_dense<T>(call, by_columns ? plugin::transposed(p) : p, a, b, c, accumulate ? 1 : 0);
}
template void multiply(const Call&, const ProductAxes&, const float*, const float*, float*, bool);
template void multiply(const Call&, const ProductAxes&, const double*, const double*, double*, bool);

}  // namespace plugrad::cuda

// cuBLAS's matrices are column-major, where c lies as its transpose: it is told to compute c^T = b^T a^T.
#include "plugrad/backends/cuda/gemm.h"

#include <algorithm>
#include <optional>

#include "plugrad/backends/cuda/compact.h"
#include "plugrad/backends/cuda/cublas.h"
#include "plugrad/backends/cuda/status.h"
#include "plugrad/backends/cuda/streams.h"

namespace plugrad::cuda {

namespace {

// A matrix as cuBLAS takes it: `op` of a column-major one whose columns lie `ld` elements apart.
template <class T>
struct Operand {
  const T* data;
  cublasOperation_t op;
  int64_t ld;
};

// The distance between columns, if the elements of each lie next to each other and the columns apart. An axis
// of length 1 may have any stride.
template <class T>
std::optional<int64_t> leading_dimension(const Matrix<const T>& m) {
  const int64_t least = std::max<int64_t>(m.rows, 1);
  const int64_t ld = m.columns == 1 ? least : m.column_stride;
  if ((m.rows != 1 && m.row_stride != 1) || ld < least) return {};
  return ld;
}

template <class T>
const T* compact_copy(const plugin::Call& call, const Matrix<const T>& m) {
  int64_t shape[] = {m.rows, m.columns}, strides[] = {m.row_stride, m.column_stride};
  const DLTensor t = {.data = const_cast<T*>(m.data),
                      .device = {},
                      .ndim = 2,
                      .dtype = {kDLFloat, 8 * sizeof(T), 1},
                      .shape = shape,
                      .strides = strides,
                      .byte_offset = 0};
  return compact<T>(call, t);
}

template <class T>
Operand<T> operand(const plugin::Call& call, const Matrix<const T>& m) {
  if (const auto ld = leading_dimension(m)) return {m.data, CUBLAS_OP_N, *ld};
  if (const auto ld = leading_dimension(m.transposed())) return {m.data, CUBLAS_OP_T, *ld};
  return {compact_copy(call, m), CUBLAS_OP_T, m.columns};
}

// The interface with 64-bit sizes takes all that arrays can have.
cublasStatus_t gemm(cublasHandle_t handle, int64_t m, int64_t n, int64_t k, const Operand<float>& a,
                    const Operand<float>& b, float* c) {
  const float one = 1, zero = 0;
  return cublasSgemm_64(handle, a.op, b.op, m, n, k, &one, a.data, a.ld, b.data, b.ld, &zero, c, m);
}
cublasStatus_t gemm(cublasHandle_t handle, int64_t m, int64_t n, int64_t k, const Operand<double>& a,
                    const Operand<double>& b, double* c) {
  const double one = 1, zero = 0;
  return cublasDgemm_64(handle, a.op, b.op, m, n, k, &one, a.data, a.ld, b.data, b.ld, &zero, c, m);
}

}  // namespace

template <class T>
void multiply(const plugin::Call& call, const Matrix<const T>& a, const Matrix<const T>& b,
              const Matrix<T>& c) {
  const int64_t size = c.rows * c.columns;
  if (size == 0) return;
  if (a.columns == 0) {
    check(cudaMemsetAsync(c.data, 0, static_cast<size_t>(size) * sizeof(T), stream(call)), "cudaMemsetAsync");
    return;
  }
  const Operand<T> first = operand(call, b.transposed()), second = operand(call, a.transposed());
  check(gemm(cublas(call), c.columns, c.rows, a.columns, first, second, c.data),
        sizeof(T) == 4 ? "cublasSgemm_64" : "cublasDgemm_64");
}

template void multiply(const plugin::Call&, const Matrix<const float>&, const Matrix<const float>&,
                       const Matrix<float>&);
template void multiply(const plugin::Call&, const Matrix<const double>&, const Matrix<const double>&,
                       const Matrix<double>&);

}  // namespace plugrad::cuda

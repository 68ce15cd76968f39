// A call of cublas<t>gemm, cublas<t>gemmStridedBatched or cublas<t>gemmBatched.
#pragma once

#include <cstdint>

#include "plugrad/tests/cuda_emulation/cublas/context.h"

namespace plugrad::cuda_emulation::cublas {

// C[i] = alpha op(A[i]) op(B[i]) + beta C[i], column-major, for i in [0, batch).
template <class T>
struct Gemm {
  const char* call;  // its name in the manual
  cublasOperation_t op_a, op_b;
  int64_t m, n, k;
  const T *alpha, *beta;
  const T *a, *b;
  T* c;
  int64_t lda, ldb, ldc;
  int64_t stride_a, stride_b, stride_c, batch;
  // Of cublas<t>gemmBatched, in place of a, b, c and their strides: pointers to each matrix, on the device.
  const T* const* a_pointers = nullptr;
  const T* const* b_pointers = nullptr;
  T* const* c_pointers = nullptr;
};

// Checks the arguments and enqueues the work. For float and double.
template <class T>
cublasStatus_t gemm(const cublasContext& context, const Gemm<T>& g);
template <class T>
cublasStatus_t gemm_batched(const cublasContext& context, const Gemm<T>& g);

}  // namespace plugrad::cuda_emulation::cublas

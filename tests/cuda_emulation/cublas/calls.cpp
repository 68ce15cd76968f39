// cuBLAS's matrix products under the names that programs call, with 32-bit and 64-bit sizes.
#include "plugrad/tests/cuda_emulation/cublas/gemm.h"
#include "plugrad/tests/cuda_emulation/export.h"

using plugrad::cuda_emulation::cublas::Gemm;
using plugrad::cuda_emulation::cublas::gemm;
using plugrad::cuda_emulation::cublas::gemm_batched;
using plugrad::cuda_emulation::cublas::with_handle;

// `symbol` is what the header makes of `name`.
#define GEMM(name, symbol, T, Int)                                                                     \
  PLUGRAD_CUDA_EMULATION_API cublasStatus_t symbol(                                                    \
      cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, Int m, Int n, Int k,      \
      const T* alpha, const T* a, Int lda, const T* b, Int ldb, const T* beta, T* c, Int ldc) {        \
    const Gemm<T> g = {name, op_a, op_b, m, n, k, alpha, beta, a, b, c, lda, ldb, ldc, 0, 0, 0, 1};    \
    return with_handle(handle, name, [&g](const cublasContext& context) { return gemm(context, g); }); \
  }

#define GEMM_STRIDED_BATCHED(symbol, T, Int)                                                              \
  PLUGRAD_CUDA_EMULATION_API cublasStatus_t symbol(                                                       \
      cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, Int m, Int n, Int k,         \
      const T* alpha, const T* a, Int lda, long long stride_a, const T* b, Int ldb, long long stride_b,   \
      const T* beta, T* c, Int ldc, long long stride_c, Int batch) {                                      \
    const Gemm<T> g = {#symbol, op_a, op_b, m,   n,   k,        alpha,    beta,     a,                    \
                       b,       c,    lda,  ldb, ldc, stride_a, stride_b, stride_c, batch};               \
    return with_handle(handle, #symbol, [&g](const cublasContext& context) { return gemm(context, g); }); \
  }

#define GEMM_BATCHED(symbol, T, Int)                                                                         \
  PLUGRAD_CUDA_EMULATION_API cublasStatus_t symbol(                                                          \
      cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, Int m, Int n, Int k,            \
      const T* alpha, const T* const a[], Int lda, const T* const b[], Int ldb, const T* beta, T* const c[], \
      Int ldc, Int batch) {                                                                                  \
    const Gemm<T> g = {#symbol, op_a, op_b, m, n, k, alpha, beta, nullptr, nullptr, nullptr,                 \
                       lda,     ldb,  ldc,  0, 0, 0, batch, a,    b,       c};                               \
    return with_handle(handle, #symbol,                                                                      \
                       [&g](const cublasContext& context) { return gemm_batched(context, g); });             \
  }

extern "C" {
GEMM("cublasSgemm", cublasSgemm_v2, float, int)
GEMM("cublasDgemm", cublasDgemm_v2, double, int)
GEMM("cublasSgemm_64", cublasSgemm_v2_64, float, int64_t)
GEMM("cublasDgemm_64", cublasDgemm_v2_64, double, int64_t)
GEMM_STRIDED_BATCHED(cublasSgemmStridedBatched, float, int)
GEMM_STRIDED_BATCHED(cublasDgemmStridedBatched, double, int)
GEMM_STRIDED_BATCHED(cublasSgemmStridedBatched_64, float, int64_t)
GEMM_STRIDED_BATCHED(cublasDgemmStridedBatched_64, double, int64_t)
GEMM_BATCHED(cublasSgemmBatched, float, int)
GEMM_BATCHED(cublasDgemmBatched, double, int)
GEMM_BATCHED(cublasSgemmBatched_64, float, int64_t)
GEMM_BATCHED(cublasDgemmBatched_64, double, int64_t)
}

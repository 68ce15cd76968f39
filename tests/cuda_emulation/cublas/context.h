// What a cublasHandle_t points to, and the way into every call that takes one.
#pragma once

#include <cublas_v2.h>

#include <cstddef>
#include <optional>

#include "plugrad/tests/cuda_emulation/faults.h"

struct cublasContext {
  int device = 0;
  cudaStream_t stream = nullptr;
  cublasPointerMode_t pointer_mode = CUBLAS_POINTER_MODE_HOST;
  cublasMath_t math_mode = CUBLAS_DEFAULT_MATH;
  cublasAtomicsMode_t atomics_mode = CUBLAS_ATOMICS_NOT_ALLOWED;
  // cuBLAS 2.4.8: not set, the library uses its own pool; set, even with no bytes, it uses nothing else.
  struct Workspace {
    void* data;
    size_t bytes;
  };
  std::optional<Workspace> workspace;
};

namespace plugrad::cuda_emulation::cublas {

// Whether `call` may use the handle; reports it if not.
bool usable(cublasHandle_t handle, const char* call);

// Calls f(context) if the handle is good and no test ordered `call` to fail.
template <class F>
cublasStatus_t with_handle(cublasHandle_t handle, const char* call, F f) {
  if (const auto status = injected_failure(call)) return static_cast<cublasStatus_t>(*status);
  // cuBLAS, every call's table of errors: CUBLAS_STATUS_NOT_INITIALIZED, "the library was not initialized".
  if (!handle || !usable(handle, call)) return CUBLAS_STATUS_NOT_INITIALIZED;
  return f(*handle);
}

}  // namespace plugrad::cuda_emulation::cublas

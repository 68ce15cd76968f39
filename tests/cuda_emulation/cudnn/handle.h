// What a cudnnHandle_t points to, and the way into every call that takes one.
#pragma once

#include <cudnn.h>

#include "plugrad/tests/cuda_emulation/faults.h"

struct cudnnContext {
  int device = 0;
  cudaStream_t stream = nullptr;
};

namespace plugrad::cuda_emulation::cudnn {

// Whether `call` may use the handle; reports it if not.
bool usable(cudnnHandle_t handle, const char* call);

// Calls f(context) if the handle is good and no test ordered `call` to fail.
template <class F>
cudnnStatus_t with_handle(cudnnHandle_t handle, const char* call, F f) {
  if (const auto status = injected_failure(call)) return static_cast<cudnnStatus_t>(*status);
  // cudnnConvolutionForward() and others: CUDNN_STATUS_BAD_PARAM if "handle ... is NULL".
  if (!handle) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (!usable(handle, call)) return CUDNN_STATUS_NOT_INITIALIZED;
  return f(*handle);
}

}  // namespace plugrad::cuda_emulation::cudnn

#include "plugrad/backends/cuda/status.h"

#include <string>

namespace plugrad::cuda {

namespace {

[[noreturn]] void fail(bool no_memory, const char* call, const char* text, const std::string& more = {}) {
  throw plugin::Failure(no_memory ? PLUGRAD_OUT_OF_MEMORY : PLUGRAD_DEVICE_FAILED,
                        std::string(call) + ": " + text + more);
}

}  // namespace

const char* advice(cudaError_t status) {
  switch (status) {
    case cudaErrorInsufficientDriver:
      return "; install an NVIDIA driver for CUDA 13 or newer, or choose another backend, such as cpu";
    case cudaErrorNoDevice:
      return "; choose another backend, such as cpu";
    case cudaErrorNoKernelImageForDevice:
      return "; this build of the cuda backend has no code for this GPU: build it with the GPU's "
             "architecture in "
             "PLUGRAD_CUDA_ARCHITECTURES";
    default:
      return "";
  }
}

void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // the next call is not to find this one's error
  fail(status == cudaErrorMemoryAllocation, call, cudaGetErrorString(status), advice(status));
}

void check(cublasStatus_t status, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS)
    fail(status == CUBLAS_STATUS_ALLOC_FAILED, call, cublasGetStatusString(status));
}

void check(cudnnStatus_t status, const char* call) {
  if (status != CUDNN_STATUS_SUCCESS)
    fail(status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, call, cudnnGetErrorString(status));
}

}  // namespace plugrad::cuda

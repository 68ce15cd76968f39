// The names and texts of cuBLAS's statuses, as cuBLAS 13.1 has them.
#include <cublas_v2.h>

#include "plugrad/tests/cuda_emulation/export.h"

namespace {

struct Status {
  cublasStatus_t status;
  const char *name, *text;
};

constexpr Status statuses[] = {
    {CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS", "success"},
    {CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", "the library was not initialized"},
    {CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE",
     "an unsupported value or parameter was passed to the function"},
    {CUBLAS_STATUS_ARCH_MISMATCH, "CUBLAS_STATUS_ARCH_MISMATCH",
     "the function requires an architectural feature absent from the device"},
    {CUBLAS_STATUS_MAPPING_ERROR, "CUBLAS_STATUS_MAPPING_ERROR", "an access to GPU memory space failed"},
    {CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED",
     "the function failed to launch on the GPU"},
    {CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal operation failed"},
    {CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED",
     "the requested functionality is not supported"},
    {CUBLAS_STATUS_LICENSE_ERROR, "CUBLAS_STATUS_LICENSE_ERROR", "the license check failed"}};

const char* find(cublasStatus_t status, const char* Status::*member) {
  for (const Status& s : statuses)
    if (s.status == status) return s.*member;
  return "unrecognized status";
}

}  // namespace

extern "C" {
PLUGRAD_CUDA_EMULATION_API const char* cublasGetStatusName(cublasStatus_t status) {
  return find(status, &Status::name);
}
PLUGRAD_CUDA_EMULATION_API const char* cublasGetStatusString(cublasStatus_t status) {
  return find(status, &Status::text);
}
}

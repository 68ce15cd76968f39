// Handles of cuBLAS: cublasCreate, cublasDestroy, and what is set and asked on a handle (section 2.4 of
// NVIDIA's cuBLAS manual, cited here as cuBLAS).
#include "plugrad/tests/cuda_emulation/cublas/context.h"

#include <cuda_runtime_api.h>

#include <cstdint>

#include "plugrad/tests/cuda_emulation/device_memory.h"
#include "plugrad/tests/cuda_emulation/library/handles.h"
#include "plugrad/tests/cuda_emulation/streams.h"

namespace plugrad::cuda_emulation::cublas {

namespace {

// Never destroyed: a program may use its handles until the very end.
Handles<cublasContext>& handles() {
  static auto* all = new Handles<cublasContext>;
  return *all;
}

// Stores *value of a handle's setting. cuBLAS 2.4: CUBLAS_STATUS_INVALID_VALUE if the pointer is NULL.
template <class T>
cublasStatus_t get(cublasHandle_t handle, const char* call, T cublasContext::*setting, T* value) {
  return with_handle(handle, call, [=](cublasContext& c) {
    if (!value) return CUBLAS_STATUS_INVALID_VALUE;
    *value = c.*setting;
    return CUBLAS_STATUS_SUCCESS;
  });
}

template <class T>
cublasStatus_t set(cublasHandle_t handle, const char* call, T cublasContext::*setting, T value, bool valid) {
  return with_handle(handle, call, [=](cublasContext& c) {
    if (!valid) return CUBLAS_STATUS_INVALID_VALUE;
    c.*setting = value;
    return CUBLAS_STATUS_SUCCESS;
  });
}

}  // namespace

bool usable(cublasHandle_t handle, const char* call) {
  int device = 0;
  return cudaGetDevice(&device) == cudaSuccess && handles().usable(handle, device, call);
}

}  // namespace plugrad::cuda_emulation::cublas

using namespace plugrad::cuda_emulation;
using namespace plugrad::cuda_emulation::cublas;

extern "C" {

// cuBLAS 2.4.1: CUBLAS_STATUS_NOT_INITIALIZED if "the CUDA Runtime initialization failed",
// CUBLAS_STATUS_INVALID_VALUE if handle is NULL.
PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  if (const auto status = injected_failure("cublasCreate")) return static_cast<cublasStatus_t>(*status);
  if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = nullptr;
  int devices = 0;
  cublasContext context;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0 ||
      cudaGetDevice(&context.device) != cudaSuccess)
    return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = handles().create(context);
  return CUBLAS_STATUS_SUCCESS;
}

// cuBLAS 2.1.2: "cublasDestroy() implicitly" synchronises the device, since it frees resources.
PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  if (const auto status = injected_failure("cublasDestroy")) return static_cast<cublasStatus_t>(*status);
  if (!handle || !handles().destroy(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  return cudaDeviceSynchronize() == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasGetVersion_v2(cublasHandle_t, int* version) {
  if (!version) return CUBLAS_STATUS_INVALID_VALUE;
  *version = CUBLAS_VERSION;
  return CUBLAS_STATUS_SUCCESS;
}

// cuBLAS 2.4.7: it "unconditionally resets the cuBLAS library workspace back to the default workspace pool".
PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  return with_handle(handle, "cublasSetStream", [=](cublasContext& c) {
    if (!is_live(stream)) report("destroyed-stream", "cublasSetStream gets a stream that is not alive");
    c.stream = stream;
    c.workspace.reset();
    return CUBLAS_STATUS_SUCCESS;
  });
}

PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasGetStream_v2(cublasHandle_t handle, cudaStream_t* stream) {
  return get(handle, "cublasGetStream", &cublasContext::stream, stream);
}

// cuBLAS 2.4.8: CUBLAS_STATUS_INVALID_VALUE if the pointer "wasn't aligned to at least 256 bytes".
PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* data,
                                                                size_t bytes) {
  return with_handle(handle, "cublasSetWorkspace", [=](cublasContext& c) {
    if (reinterpret_cast<std::uintptr_t>(data) % 256 != 0) return CUBLAS_STATUS_INVALID_VALUE;
    if (bytes != 0 && !is_device_pointer(data))
      report("bad-pointer", "cublasSetWorkspace gets {}, which is not on the device", data);
    c.workspace = {data, bytes};
    return CUBLAS_STATUS_SUCCESS;
  });
}

// cuBLAS 2.4.11: CUBLAS_STATUS_INVALID_VALUE if the mode is not one of the two.
PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle,
                                                                  cublasPointerMode_t mode) {
  return set(handle, "cublasSetPointerMode", &cublasContext::pointer_mode, mode,
             mode == CUBLAS_POINTER_MODE_HOST || mode == CUBLAS_POINTER_MODE_DEVICE);
}

PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasGetPointerMode_v2(cublasHandle_t handle,
                                                                  cublasPointerMode_t* mode) {
  return get(handle, "cublasGetPointerMode", &cublasContext::pointer_mode, mode);
}

PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasSetAtomicsMode(cublasHandle_t handle,
                                                               cublasAtomicsMode_t mode) {
  return set(handle, "cublasSetAtomicsMode", &cublasContext::atomics_mode, mode, true);
}

PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasGetAtomicsMode(cublasHandle_t handle,
                                                               cublasAtomicsMode_t* mode) {
  return get(handle, "cublasGetAtomicsMode", &cublasContext::atomics_mode, mode);
}

// cuBLAS 2.4.22: modes may be combined; CUBLAS_STATUS_INVALID_VALUE for what is none.
PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
  constexpr int known = CUBLAS_TF32_TENSOR_OP_MATH | CUBLAS_FP32_EMULATED_BF16X9_MATH |
                        CUBLAS_FP64_EMULATED_FIXEDPOINT_MATH |
                        CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
  return set(handle, "cublasSetMathMode", &cublasContext::math_mode, mode, (mode & ~known) == 0);
}

PLUGRAD_CUDA_EMULATION_API cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* mode) {
  return get(handle, "cublasGetMathMode", &cublasContext::math_mode, mode);
}
}

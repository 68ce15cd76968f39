// Handles of cuDNN: cudnnCreate, cudnnDestroy and the stream ("cudnn_graph Library" of NVIDIA's cuDNN API
// reference).
#include "plugrad/tests/cuda_emulation/cudnn/handle.h"

#include <cuda_runtime_api.h>

#include "plugrad/tests/cuda_emulation/library/handles.h"
#include "plugrad/tests/cuda_emulation/streams.h"

namespace plugrad::cuda_emulation::cudnn {

namespace {

// Never destroyed: a program may use its handles until the very end.
Handles<cudnnContext>& handles() {
  static auto* all = new Handles<cudnnContext>;
  return *all;
}

}  // namespace

bool usable(cudnnHandle_t handle, const char* call) {
  int device = 0;
  return cudaGetDevice(&device) == cudaSuccess && handles().usable(handle, device, call);
}

}  // namespace plugrad::cuda_emulation::cudnn

using namespace plugrad::cuda_emulation;
using namespace plugrad::cuda_emulation::cudnn;

extern "C" {

// cudnnCreate(): CUDNN_STATUS_BAD_PARAM for "Invalid (NULL) input pointer supplied",
// CUDNN_STATUS_NOT_INITIALIZED for "No compatible GPU found, CUDA driver not installed or disabled".
PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  if (const auto status = injected_failure("cudnnCreate")) return static_cast<cudnnStatus_t>(*status);
  if (!handle) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *handle = nullptr;
  int devices = 0;
  cudnnContext context;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0 ||
      cudaGetDevice(&context.device) != cudaSuccess)
    return CUDNN_STATUS_NOT_INITIALIZED;
  *handle = handles().create(context);
  return CUDNN_STATUS_SUCCESS;
}

// cudnnCreate(): "the release of these resources by calling cudnnDestroy() implicitly calls
// cudaDeviceSynchronize".
PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  if (const auto status = injected_failure("cudnnDestroy")) return static_cast<cudnnStatus_t>(*status);
  if (!handle || !handles().destroy(handle)) return CUDNN_STATUS_BAD_PARAM;
  return cudaDeviceSynchronize() == cudaSuccess ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED_CUDART;
}

// cudnnSetStream(): CUDNN_STATUS_BAD_PARAM for a handle or a stream that does not fit.
PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return with_handle(handle, "cudnnSetStream", [=](cudnnContext& c) {
    if (!is_live(stream)) report("destroyed-stream", "cudnnSetStream gets a stream that is not alive");
    c.stream = stream;
    return CUDNN_STATUS_SUCCESS;
  });
}

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, cudaStream_t* stream) {
  return with_handle(handle, "cudnnGetStream", [=](const cudnnContext& c) {
    if (!stream) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
    *stream = c.stream;
    return CUDNN_STATUS_SUCCESS;
  });
}
}

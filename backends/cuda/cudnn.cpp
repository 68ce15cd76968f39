#include "plugrad/backends/cuda/cudnn.h"

namespace plugrad::cuda {

CudnnHandle::CudnnHandle(cudaStream_t stream) {
  check(cudnnCreate(&handle_), "cudnnCreate");
  const cudnnStatus_t status = cudnnSetStream(handle_, stream);
  if (status != CUDNN_STATUS_SUCCESS) cudnnDestroy(handle_);
  check(status, "cudnnSetStream");
}

}  // namespace plugrad::cuda

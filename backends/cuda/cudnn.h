// cuDNN's descriptors, and its handles.
#pragma once

#include <cudnn.h>

#include <utility>

#include "plugrad/backends/cuda/status.h"

namespace plugrad::cuda {

// Owns a descriptor of one type.
template <class Handle, cudnnStatus_t create(Handle*), cudnnStatus_t destroy(Handle)>
class Descriptor {
 public:
  Descriptor() { check(create(&handle_), "creation of a cuDNN descriptor"); }
  Descriptor(Descriptor&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Descriptor() {
    if (handle_) destroy(handle_);
  }
  operator Handle() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

using TensorDescriptor =
    Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using FilterDescriptor =
    Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using ConvolutionDescriptor = Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor,
                                         cudnnDestroyConvolutionDescriptor>;

template <class T>
constexpr cudnnDataType_t cudnn_type = CUDNN_DATA_FLOAT;
template <>
inline constexpr cudnnDataType_t cudnn_type<double> = CUDNN_DATA_DOUBLE;

// Owns a handle whose work goes to `stream`.
class CudnnHandle {
 public:
  explicit CudnnHandle(cudaStream_t stream);
  CudnnHandle(const CudnnHandle&) = delete;
  CudnnHandle& operator=(const CudnnHandle&) = delete;
  ~CudnnHandle() { cudnnDestroy(handle_); }
  operator cudnnHandle_t() const { return handle_; }

 private:
  cudnnHandle_t handle_ = nullptr;
};

// Whether it is for another way to do what was asked: the algorithm does not support it, or has no memory for
// it. Statuses of cuDNN 9 are categories of a thousand.
inline bool calls_for_another_way(cudnnStatus_t status) {
  return CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED ||
         status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
}

}  // namespace plugrad::cuda

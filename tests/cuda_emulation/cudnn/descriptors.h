// What NVIDIA's own descriptors say, read back from them; they stay the real ones, with the library's own
// checks.
#pragma once

#include <cudnn.h>

#include <cstddef>
#include <cstdint>

namespace plugrad::cuda_emulation::cudnn {

constexpr int max_axes = 8;

struct Tensor {
  cudnnDataType_t type;
  int ndim;
  int dims[max_axes], strides[max_axes];

  int64_t size() const;
  // Whether the axes from `first` on lie in memory without gaps, row-major.
  bool packed_from(int first) const;
  bool has_negative_stride() const;
};

struct Filter {
  cudnnDataType_t type;
  cudnnTensorFormat_t format;
  int ndim;
  int dims[max_axes];

  int64_t size() const;
};

struct Convolution {
  int axes;
  int padding[max_axes], stride[max_axes], dilation[max_axes];
  int groups;
  cudnnConvolutionMode_t mode;
  cudnnDataType_t compute_type;
  cudnnMathType_t math_type;

  bool dilated() const;
  bool strided() const;
};

// Each returns what the library's getter does.
cudnnStatus_t read(cudnnTensorDescriptor_t descriptor, Tensor* tensor);
cudnnStatus_t read(cudnnFilterDescriptor_t descriptor, Filter* filter);
cudnnStatus_t read(cudnnConvolutionDescriptor_t descriptor, Convolution* convolution);

// Bytes of an element; 0 for types other than float and double.
size_t bytes_of(cudnnDataType_t type);

}  // namespace plugrad::cuda_emulation::cudnn

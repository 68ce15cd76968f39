// Reads descriptors through the getters of the real cuDNN.
#include "plugrad/tests/cuda_emulation/cudnn/descriptors.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace plugrad::cuda_emulation::cudnn {

namespace {

int64_t product(const int* dims, int n) {
  return std::accumulate(dims, dims + n, int64_t{1}, std::multiplies<>());
}

bool all_one(const int* values, int n) {
  return std::all_of(values, values + n, [](int value) { return value == 1; });
}

}  // namespace

int64_t Tensor::size() const { return product(dims, ndim); }

bool Tensor::packed_from(int first) const {
  int64_t expected = 1;
  for (int i = ndim; i-- > first; expected *= dims[i])
    if (dims[i] != 1 && strides[i] != expected) return false;
  return true;
}

bool Tensor::has_negative_stride() const {
  return std::any_of(strides, strides + ndim, [](int stride) { return stride < 0; });
}

int64_t Filter::size() const { return product(dims, ndim); }

bool Convolution::dilated() const { return !all_one(dilation, axes); }
bool Convolution::strided() const { return !all_one(stride, axes); }

cudnnStatus_t read(cudnnTensorDescriptor_t descriptor, Tensor* t) {
  return cudnnGetTensorNdDescriptor(descriptor, max_axes, &t->type, &t->ndim, t->dims, t->strides);
}

cudnnStatus_t read(cudnnFilterDescriptor_t descriptor, Filter* w) {
  return cudnnGetFilterNdDescriptor(descriptor, max_axes, &w->type, &w->format, &w->ndim, w->dims);
}

cudnnStatus_t read(cudnnConvolutionDescriptor_t descriptor, Convolution* c) {
  constexpr int most = 6;  // the getter refuses to be asked for more
  if (const auto status = cudnnGetConvolutionNdDescriptor(descriptor, most, &c->axes, c->padding, c->stride,
                                                          c->dilation, &c->mode, &c->compute_type))
    return status;
  if (const auto status = cudnnGetConvolutionGroupCount(descriptor, &c->groups)) return status;
  return cudnnGetConvolutionMathType(descriptor, &c->math_type);
}

size_t bytes_of(cudnnDataType_t type) {
  if (type == CUDNN_DATA_FLOAT) return sizeof(float);
  return type == CUDNN_DATA_DOUBLE ? sizeof(double) : 0;
}

}  // namespace plugrad::cuda_emulation::cudnn

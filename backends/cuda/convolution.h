// The numbers of a two-dimensional convolution, and who computes it: cuDNN, or kernels of our own.
#pragma once

#include <array>
#include <cstdint>

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

enum class Direction { forward, input_gradient, weight_gradient };

// y[n,o,r,s] = sum over c, i, j of x[n,c,r*stride-padding+i*dilation,...] w[o,c,i,j]; pairs are of rows and
// columns.
struct Convolution {
  int64_t images, channels, filters;
  std::array<int64_t, 2> x, kernel, y, stride, padding, dilation;

  int64_t x_size() const { return images * channels * x[0] * x[1]; }
  int64_t w_size() const { return filters * channels * kernel[0] * kernel[1]; }
  int64_t y_size() const { return images * filters * y[0] * y[1]; }

  auto operator<=>(const Convolution&) const = default;
};

// x [n,c,h,w], w [o,c,kh,kw] and y [n,o,oh,ow], row-major without gaps. The direction says which one of them,
// or of their gradients, is written from the other two; none is empty.
template <class T>
struct ConvolutionArrays {
  T *x, *w, *y;
};

// By cuDNN, with a deterministic algorithm in float32 or float64 arithmetic (never TF32) that needs no more
// workspace than the limit: the bytes that the environment variable PLUGRAD_CUDNN_WORKSPACE_LIMIT names, or
// 256 MiB. False, and nothing is done, where cuDNN has no such algorithm. For float and double. Throws
// Failure.
template <class T>
bool convolve_with_cudnn(const plugin::Call& c, Direction direction, const Convolution& g,
                         const ConvolutionArrays<T>& arrays);

// By kernels that take every shape, need no workspace and are deterministic, but fetch each operand from
// memory. For float and double. Throws Failure.
template <class T>
void convolve_directly(const plugin::Call& c, Direction direction, const Convolution& g,
                       const ConvolutionArrays<T>& arrays);

}  // namespace plugrad::cuda

// Who computes a convolution: cuDNN, or kernels of our own.
#pragma once

#include "plugrad/backends/common/convolution.h"
#include "plugrad/backends/cuda/compact.h"

namespace plugrad::cuda {

using common::Convolution;
using common::ConvolutionArrays;
using common::Direction;

// By whichever has a way. Sums without terms are zero. For float and double. Throws Failure.
template <class T>
void convolve(const plugin::Call& c, Direction direction, const Convolution& g,
              const ConvolutionArrays<T>& arrays);

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

// An array of a call, compact; what a convolution does not write it only reads.
template <class T>
T* operand(const plugin::Call& c, const DLTensor& t) {
  return const_cast<T*>(compact<T>(c, t));
}

}  // namespace plugrad::cuda

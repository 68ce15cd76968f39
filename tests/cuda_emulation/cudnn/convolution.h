// A call of cudnnConvolutionForward, cudnnConvolutionBackwardData or cudnnConvolutionBackwardFilter.
#pragma once

#include <cstddef>

#include "plugrad/tests/cuda_emulation/cudnn/handle.h"
#include "plugrad/tests/cuda_emulation/cudnn/problem.h"

namespace plugrad::cuda_emulation::cudnn {

struct ConvolutionCall {
  const char* name;
  Direction direction;
  cudnnTensorDescriptor_t x_descriptor;
  cudnnFilterDescriptor_t w_descriptor;
  cudnnConvolutionDescriptor_t convolution;
  cudnnTensorDescriptor_t y_descriptor;
  const void *x, *w, *y;  // the result is one of them, or the gradient of one of them
  int algorithm;
  void* workspace;
  size_t workspace_bytes;
  const void *alpha, *beta;
};

// Checks the arguments and enqueues the work.
cudnnStatus_t run(const cudnnContext& context, const ConvolutionCall& call);

}  // namespace plugrad::cuda_emulation::cudnn

// The shapes of one convolution, checked: y = x * w, or either gradient of it.
#pragma once

#include "plugrad/tests/cuda_emulation/cudnn/descriptors.h"

namespace plugrad::cuda_emulation::cudnn {

enum class Direction { Forward, BackwardData, BackwardFilter };

struct Problem {
  Tensor x;  // [n, c, h, w]
  Filter w;  // [o, c / groups, kh, kw]
  Tensor y;  // [n, o, oh, ow]
  Convolution convolution;
};

// Reads and checks the descriptors of `call`, by the rules that are common to the three directions.
cudnnStatus_t read_problem(const char* call, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                           cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                           Problem* problem);

}  // namespace plugrad::cuda_emulation::cudnn

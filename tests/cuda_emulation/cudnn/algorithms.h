// The algorithms that cuDNN has for convolutions: which problems each supports, whether it is deterministic,
// and how much workspace it asks for.
#pragma once

#include <cstddef>
#include <span>

#include "plugrad/tests/cuda_emulation/cudnn/problem.h"

namespace plugrad::cuda_emulation::cudnn {

struct Algorithm {
  int id;  // cudnnConvolutionFwdAlgo_t, cudnnConvolutionBwdDataAlgo_t or cudnnConvolutionBwdFilterAlgo_t
  enum class Kind { Implicit, Precomputed, Explicit, Fft, FftTiling, Winograd, WinogradNonfused, None } kind;
  bool deterministic;
  bool dilation;  // whether it takes dilations above 1

  // CUDNN_STATUS_SUCCESS, or why it does not support the problem.
  cudnnStatus_t supports(const Problem& p) const;
  // Never a round number, and another one for each algorithm: callers have to ask.
  size_t workspace(const Problem& p) const;
};

// Those of a direction, fastest first: an order of our own, since the real one comes from measurements.
std::span<const Algorithm> algorithms(Direction direction);

// The one with this id; null if there is none.
const Algorithm* find_algorithm(Direction direction, int id);

}  // namespace plugrad::cuda_emulation::cudnn

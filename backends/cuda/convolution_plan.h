// What cuDNN is asked once for each shape of a convolution: descriptors, and the algorithms worth trying.
#pragma once

#include <cstddef>
#include <vector>

#include "plugrad/backends/cuda/convolution.h"
#include "plugrad/backends/cuda/cudnn.h"

namespace plugrad::cuda {

// The shape of one call, and its dtype.
struct ConvolutionKey {
  Direction direction;
  cudnnDataType_t type;
  Convolution shape;

  auto operator<=>(const ConvolutionKey&) const = default;
};

class ConvolutionPlan {
 public:
  // An algorithm, numbered as in the direction's enumeration, and the workspace it needs.
  struct Candidate {
    int algorithm;
    size_t workspace_bytes;
  };

  // Asks cuDNN for deterministic algorithms that need at most `workspace_limit`. Throws Failure.
  ConvolutionPlan(cudnnHandle_t handle, const ConvolutionKey& key, size_t workspace_limit);

  // The fastest first, by cuDNN's reckoning; empty where it has none.
  const std::vector<Candidate>& candidates() const { return candidates_; }
  // For a candidate that turned out not to work.
  void remove(size_t i) { candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(i)); }

  // Enqueues the work. `arrays` are of the plan's dtype.
  template <class T>
  cudnnStatus_t run(cudnnHandle_t handle, const Candidate& candidate, void* workspace,
                    const ConvolutionArrays<T>& arrays) const;
  // The function of cuDNN that run() calls.
  const char* call() const;

 private:
  template <class Api>
  void find_candidates(cudnnHandle_t handle, size_t workspace_limit);

  Direction direction_;
  TensorDescriptor x_, y_;
  FilterDescriptor w_;
  ConvolutionDescriptor convolution_;
  std::vector<Candidate> candidates_;
};

}  // namespace plugrad::cuda

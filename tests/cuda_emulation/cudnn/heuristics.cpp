// What cuDNN says about its algorithms before one is run: the sizes of workspaces, and which to choose.
#include <algorithm>
#include <vector>

#include "plugrad/tests/cuda_emulation/cudnn/algorithms.h"
#include "plugrad/tests/cuda_emulation/cudnn/handle.h"
#include "plugrad/tests/cuda_emulation/export.h"

namespace plugrad::cuda_emulation::cudnn {

namespace {

struct Descriptors {
  cudnnTensorDescriptor_t x;
  cudnnFilterDescriptor_t w;
  cudnnConvolutionDescriptor_t convolution;
  cudnnTensorDescriptor_t y;
};

// cudnnGetConvolutionForwardWorkspaceSize() and its kin: CUDNN_STATUS_NOT_SUPPORTED if "the combination of
// the tensor descriptors, filter descriptor and convolution descriptor is not supported for the specified
// algorithm".
cudnnStatus_t workspace_size(const char* call, cudnnHandle_t handle, Direction direction,
                             const Descriptors& d, int id, size_t* bytes) {
  return with_handle(handle, call, [&](const cudnnContext&) {
    Problem p;
    if (!bytes) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
    if (const auto status = read_problem(call, d.x, d.w, d.convolution, d.y, &p)) return status;
    const Algorithm* algorithm = find_algorithm(direction, id);
    if (!algorithm) return CUDNN_STATUS_BAD_PARAM;
    if (const auto status = algorithm->supports(p)) return status;
    *bytes = algorithm->workspace(p);
    return CUDNN_STATUS_SUCCESS;
  });
}

// cudnnGetConvolutionForwardAlgorithm_v7() and its kin: the results are "sorted by expected (based on
// internal heuristic) relative performance with the fastest being index 0". What does not support the problem
// comes last, with its status.
template <class Id, class Performance>
cudnnStatus_t choose(const char* call, cudnnHandle_t handle, Direction direction, const Descriptors& d,
                     int requested, int* returned, Performance* results) {
  return with_handle(handle, call, [&](const cudnnContext&) {
    // CUDNN_STATUS_BAD_PARAM: a parameter is NULL, or "requestedAlgoCount is less than or equal to 0".
    if (!returned || !results || requested <= 0) return CUDNN_STATUS_BAD_PARAM;
    Problem p;
    if (const auto status = read_problem(call, d.x, d.w, d.convolution, d.y, &p)) return status;
    std::vector<Performance> all;
    for (const Algorithm& a : algorithms(direction)) {
      Performance r = {};
      r.algo = static_cast<Id>(a.id);
      r.status = a.supports(p);
      const bool good = r.status == CUDNN_STATUS_SUCCESS;
      r.time = good ? 0.01F * static_cast<float>(all.size() + 1) : -1.0F;
      r.memory = good ? a.workspace(p) : 0;
      r.determinism = a.deterministic ? CUDNN_DETERMINISTIC : CUDNN_NON_DETERMINISTIC;
      r.mathType = p.convolution.math_type;
      all.push_back(r);
    }
    std::stable_partition(all.begin(), all.end(),
                          [](const auto& r) { return r.status == CUDNN_STATUS_SUCCESS; });
    *returned = std::min(requested, static_cast<int>(all.size()));
    std::copy_n(all.begin(), *returned, results);
    return CUDNN_STATUS_SUCCESS;
  });
}

// cudnnGetConvolutionForwardAlgorithmMaxCount() and its kin: how many results there can be.
cudnnStatus_t max_count(const char* call, cudnnHandle_t handle, Direction direction, int* count) {
  return with_handle(handle, call, [=](const cudnnContext&) {
    if (!count) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
    *count = static_cast<int>(algorithms(direction).size());
    return CUDNN_STATUS_SUCCESS;
  });
}

}  // namespace

}  // namespace plugrad::cuda_emulation::cudnn

using namespace plugrad::cuda_emulation::cudnn;

extern "C" {

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnFilterDescriptor_t w,
    const cudnnConvolutionDescriptor_t convolution, const cudnnTensorDescriptor_t y,
    cudnnConvolutionFwdAlgo_t algorithm, size_t* bytes) {
  return workspace_size("cudnnGetConvolutionForwardWorkspaceSize", handle, Direction::Forward,
                        {x, w, convolution, y}, algorithm, bytes);
}

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
    cudnnHandle_t handle, const cudnnFilterDescriptor_t w, const cudnnTensorDescriptor_t dy,
    const cudnnConvolutionDescriptor_t convolution, const cudnnTensorDescriptor_t dx,
    cudnnConvolutionBwdDataAlgo_t algorithm, size_t* bytes) {
  return workspace_size("cudnnGetConvolutionBackwardDataWorkspaceSize", handle, Direction::BackwardData,
                        {dx, w, convolution, dy}, algorithm, bytes);
}

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnTensorDescriptor_t dy,
    const cudnnConvolutionDescriptor_t convolution, const cudnnFilterDescriptor_t dw,
    cudnnConvolutionBwdFilterAlgo_t algorithm, size_t* bytes) {
  return workspace_size("cudnnGetConvolutionBackwardFilterWorkspaceSize", handle, Direction::BackwardFilter,
                        {x, dw, convolution, dy}, algorithm, bytes);
}

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnFilterDescriptor_t w,
    const cudnnConvolutionDescriptor_t convolution, const cudnnTensorDescriptor_t y, const int requested,
    int* returned, cudnnConvolutionFwdAlgoPerf_t* results) {
  return choose<cudnnConvolutionFwdAlgo_t>("cudnnGetConvolutionForwardAlgorithm_v7", handle,
                                           Direction::Forward, {x, w, convolution, y}, requested, returned,
                                           results);
}

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(
    cudnnHandle_t handle, const cudnnFilterDescriptor_t w, const cudnnTensorDescriptor_t dy,
    const cudnnConvolutionDescriptor_t convolution, const cudnnTensorDescriptor_t dx, const int requested,
    int* returned, cudnnConvolutionBwdDataAlgoPerf_t* results) {
  return choose<cudnnConvolutionBwdDataAlgo_t>("cudnnGetConvolutionBackwardDataAlgorithm_v7", handle,
                                               Direction::BackwardData, {dx, w, convolution, dy}, requested,
                                               returned, results);
}

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnTensorDescriptor_t dy,
    const cudnnConvolutionDescriptor_t convolution, const cudnnFilterDescriptor_t dw, const int requested,
    int* returned, cudnnConvolutionBwdFilterAlgoPerf_t* results) {
  return choose<cudnnConvolutionBwdFilterAlgo_t>("cudnnGetConvolutionBackwardFilterAlgorithm_v7", handle,
                                                 Direction::BackwardFilter, {x, dw, convolution, dy},
                                                 requested, returned, results);
}

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnGetConvolutionForwardAlgorithmMaxCount(cudnnHandle_t handle,
                                                                                     int* count) {
  return max_count("cudnnGetConvolutionForwardAlgorithmMaxCount", handle, Direction::Forward, count);
}
PLUGRAD_CUDA_EMULATION_API cudnnStatus_t
cudnnGetConvolutionBackwardDataAlgorithmMaxCount(cudnnHandle_t handle, int* count) {
  return max_count("cudnnGetConvolutionBackwardDataAlgorithmMaxCount", handle, Direction::BackwardData,
                   count);
}
PLUGRAD_CUDA_EMULATION_API cudnnStatus_t
cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(cudnnHandle_t handle, int* count) {
  return max_count("cudnnGetConvolutionBackwardFilterAlgorithmMaxCount", handle, Direction::BackwardFilter,
                   count);
}
}

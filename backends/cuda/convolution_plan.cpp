#include "plugrad/backends/cuda/convolution_plan.h"

#include <span>

namespace plugrad::cuda {

namespace {

// cuDNN's three families of functions, with their arguments in one order.
struct Descriptors {
  cudnnTensorDescriptor_t x;
  cudnnFilterDescriptor_t w;
  cudnnConvolutionDescriptor_t convolution;
  cudnnTensorDescriptor_t y;
};

struct Forward {
  static constexpr const char* choose_name = "cudnnGetConvolutionForwardAlgorithm_v7";
  using Performance = cudnnConvolutionFwdAlgoPerf_t;
  using Algorithm = cudnnConvolutionFwdAlgo_t;
  static constexpr int most = 2 * CUDNN_CONVOLUTION_FWD_ALGO_COUNT;  // each with two kinds of arithmetic
  static cudnnStatus_t choose(cudnnHandle_t h, const Descriptors& d, int* n, Performance* results) {
    return cudnnGetConvolutionForwardAlgorithm_v7(h, d.x, d.w, d.convolution, d.y, most, n, results);
  }
  static cudnnStatus_t workspace(cudnnHandle_t h, const Descriptors& d, Algorithm algorithm, size_t* bytes) {
    return cudnnGetConvolutionForwardWorkspaceSize(h, d.x, d.w, d.convolution, d.y, algorithm, bytes);
  }
};

struct InputGradient {
  static constexpr const char* choose_name = "cudnnGetConvolutionBackwardDataAlgorithm_v7";
  using Performance = cudnnConvolutionBwdDataAlgoPerf_t;
  using Algorithm = cudnnConvolutionBwdDataAlgo_t;
  static constexpr int most = 2 * CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT;
  static cudnnStatus_t choose(cudnnHandle_t h, const Descriptors& d, int* n, Performance* results) {
    return cudnnGetConvolutionBackwardDataAlgorithm_v7(h, d.w, d.y, d.convolution, d.x, most, n, results);
  }
  static cudnnStatus_t workspace(cudnnHandle_t h, const Descriptors& d, Algorithm algorithm, size_t* bytes) {
    return cudnnGetConvolutionBackwardDataWorkspaceSize(h, d.w, d.y, d.convolution, d.x, algorithm, bytes);
  }
};

struct WeightGradient {
  static constexpr const char* choose_name = "cudnnGetConvolutionBackwardFilterAlgorithm_v7";
  using Performance = cudnnConvolutionBwdFilterAlgoPerf_t;
  using Algorithm = cudnnConvolutionBwdFilterAlgo_t;
  static constexpr int most = 2 * CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT;
  static cudnnStatus_t choose(cudnnHandle_t h, const Descriptors& d, int* n, Performance* results) {
    return cudnnGetConvolutionBackwardFilterAlgorithm_v7(h, d.x, d.y, d.convolution, d.w, most, n, results);
  }
  static cudnnStatus_t workspace(cudnnHandle_t h, const Descriptors& d, Algorithm algorithm, size_t* bytes) {
    return cudnnGetConvolutionBackwardFilterWorkspaceSize(h, d.x, d.y, d.convolution, d.w, algorithm, bytes);
  }
};

std::array<int, 2> as_int(const std::array<int64_t, 2>& pair) {
  return {static_cast<int>(pair[0]), static_cast<int>(pair[1])};
}

void set_tensor(cudnnTensorDescriptor_t descriptor, cudnnDataType_t type, int64_t images, int64_t channels,
                const std::array<int64_t, 2>& size) {
  const auto [height, width] = as_int(size);
  check(cudnnSetTensor4dDescriptor(descriptor, CUDNN_TENSOR_NCHW, type, static_cast<int>(images),
                                   static_cast<int>(channels), height, width),
        "cudnnSetTensor4dDescriptor");
}

void set_filter(cudnnFilterDescriptor_t descriptor, cudnnDataType_t type, const Convolution& g) {
  const auto [height, width] = as_int(g.kernel);
  check(cudnnSetFilter4dDescriptor(descriptor, type, CUDNN_TENSOR_NCHW, static_cast<int>(g.filters),
                                   static_cast<int>(g.group_channels()), height, width),
        "cudnnSetFilter4dDescriptor");
}

void set_convolution(cudnnConvolutionDescriptor_t descriptor, cudnnDataType_t type, const Convolution& g) {
  const auto padding = as_int(g.padding), stride = as_int(g.stride), dilation = as_int(g.dilation);
  check(cudnnSetConvolution2dDescriptor(descriptor, padding[0], padding[1], stride[0], stride[1], dilation[0],
                                        dilation[1], CUDNN_CROSS_CORRELATION, type),
        "cudnnSetConvolution2dDescriptor");
  check(cudnnSetConvolutionGroupCount(descriptor, static_cast<int>(g.groups)),
        "cudnnSetConvolutionGroupCount");
  // The default lets float32 be computed in TF32 on GPUs since compute capability 8.0.
  check(cudnnSetConvolutionMathType(descriptor, CUDNN_FMA_MATH), "cudnnSetConvolutionMathType");
}

}  // namespace

ConvolutionPlan::ConvolutionPlan(cudnnHandle_t handle, const ConvolutionKey& key, size_t workspace_limit)
    : direction_(key.direction) {
  const Convolution& g = key.shape;
  set_tensor(x_, key.type, g.images, g.channels, g.x);
  set_tensor(y_, key.type, g.images, g.filters, g.y);
  set_filter(w_, key.type, g);
  set_convolution(convolution_, key.type, g);
  switch (direction_) {
    case Direction::forward:
      find_candidates<Forward>(handle, workspace_limit);
      break;
    case Direction::input_gradient:
      find_candidates<InputGradient>(handle, workspace_limit);
      break;
    case Direction::weight_gradient:
      find_candidates<WeightGradient>(handle, workspace_limit);
      break;
  }
}

template <class Api>
void ConvolutionPlan::find_candidates(cudnnHandle_t handle, size_t workspace_limit) {
  const Descriptors descriptors = {x_, w_, convolution_, y_};
  typename Api::Performance results[Api::most];
  int n = 0;
  const cudnnStatus_t status = Api::choose(handle, descriptors, &n, results);
  if (calls_for_another_way(status)) return;
  check(status, Api::choose_name);
  for (const auto& r : std::span(results, static_cast<size_t>(n))) {
    if (r.status != CUDNN_STATUS_SUCCESS || r.determinism != CUDNN_DETERMINISTIC ||
        (r.mathType != CUDNN_FMA_MATH && r.mathType != CUDNN_DEFAULT_MATH))
      continue;
    size_t bytes = 0;
    if (Api::workspace(handle, descriptors, r.algo, &bytes) == CUDNN_STATUS_SUCCESS &&
        bytes <= workspace_limit)
      candidates_.push_back({r.algo, bytes});
  }
}

const char* ConvolutionPlan::call() const {
  if (direction_ == Direction::forward) return "cudnnConvolutionForward";
  return direction_ == Direction::input_gradient ? "cudnnConvolutionBackwardData"
                                                 : "cudnnConvolutionBackwardFilter";
}

template <class T>
cudnnStatus_t ConvolutionPlan::run(cudnnHandle_t handle, const Candidate& candidate, void* workspace,
                                   const ConvolutionArrays<T>& arrays) const {
  const T one = 1, zero = 0;
  const auto [x, w, y] = arrays;
  const size_t bytes = candidate.workspace_bytes;
  switch (direction_) {
    case Direction::forward:
      return cudnnConvolutionForward(handle, &one, x_, x, w_, w, convolution_,
                                     static_cast<Forward::Algorithm>(candidate.algorithm), workspace, bytes,
                                     &zero, y_, y);
    case Direction::input_gradient:
      return cudnnConvolutionBackwardData(handle, &one, w_, w, y_, y, convolution_,
                                          static_cast<InputGradient::Algorithm>(candidate.algorithm),
                                          workspace, bytes, &zero, x_, x);
    case Direction::weight_gradient:
      return cudnnConvolutionBackwardFilter(handle, &one, x_, x, y_, y, convolution_,
                                            static_cast<WeightGradient::Algorithm>(candidate.algorithm),
                                            workspace, bytes, &zero, w_, w);
  }
  return CUDNN_STATUS_BAD_PARAM;
}

template cudnnStatus_t ConvolutionPlan::run(cudnnHandle_t, const Candidate&, void*,
                                            const ConvolutionArrays<float>&) const;
template cudnnStatus_t ConvolutionPlan::run(cudnnHandle_t, const Candidate&, void*,
                                            const ConvolutionArrays<double>&) const;

}  // namespace plugrad::cuda

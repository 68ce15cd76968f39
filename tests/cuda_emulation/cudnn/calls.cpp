// cuDNN's convolutions under the names that programs call.
#include "plugrad/tests/cuda_emulation/cudnn/convolution.h"
#include "plugrad/tests/cuda_emulation/export.h"

using namespace plugrad::cuda_emulation::cudnn;

extern "C" {

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnConvolutionForward(
    cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x_descriptor, const void* x,
    const cudnnFilterDescriptor_t w_descriptor, const void* w, const cudnnConvolutionDescriptor_t convolution,
    cudnnConvolutionFwdAlgo_t algorithm, void* workspace, size_t bytes, const void* beta,
    const cudnnTensorDescriptor_t y_descriptor, void* y) {
  const ConvolutionCall call = {"cudnnConvolutionForward",
                                Direction::Forward,
                                x_descriptor,
                                w_descriptor,
                                convolution,
                                y_descriptor,
                                x,
                                w,
                                y,
                                algorithm,
                                workspace,
                                bytes,
                                alpha,
                                beta};
  return with_handle(handle, call.name, [&call](const cudnnContext& context) { return run(context, call); });
}

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnConvolutionBackwardData(
    cudnnHandle_t handle, const void* alpha, const cudnnFilterDescriptor_t w_descriptor, const void* w,
    const cudnnTensorDescriptor_t dy_descriptor, const void* dy,
    const cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace,
    size_t bytes, const void* beta, const cudnnTensorDescriptor_t dx_descriptor, void* dx) {
  const ConvolutionCall call = {"cudnnConvolutionBackwardData",
                                Direction::BackwardData,
                                dx_descriptor,
                                w_descriptor,
                                convolution,
                                dy_descriptor,
                                dx,
                                w,
                                dy,
                                algorithm,
                                workspace,
                                bytes,
                                alpha,
                                beta};
  return with_handle(handle, call.name, [&call](const cudnnContext& context) { return run(context, call); });
}

PLUGRAD_CUDA_EMULATION_API cudnnStatus_t cudnnConvolutionBackwardFilter(
    cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x_descriptor, const void* x,
    const cudnnTensorDescriptor_t dy_descriptor, const void* dy,
    const cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdFilterAlgo_t algorithm,
    void* workspace, size_t bytes, const void* beta, const cudnnFilterDescriptor_t dw_descriptor, void* dw) {
  const ConvolutionCall call = {"cudnnConvolutionBackwardFilter",
                                Direction::BackwardFilter,
                                x_descriptor,
                                dw_descriptor,
                                convolution,
                                dy_descriptor,
                                x,
                                dw,
                                dy,
                                algorithm,
                                workspace,
                                bytes,
                                alpha,
                                beta};
  return with_handle(handle, call.name, [&call](const cudnnContext& context) { return run(context, call); });
}
}

// The tables of errors of cudnnConvolutionForward(), cudnnConvolutionBackwardData() and
// cudnnConvolutionBackwardFilter() ("cudnn_cnn Library" of NVIDIA's cuDNN API reference).
#include "plugrad/tests/cuda_emulation/cudnn/problem.h"

#include <algorithm>
#include <string>

#include "plugrad/tests/cuda_emulation/reports.h"

namespace plugrad::cuda_emulation::cudnn {

namespace {

// CUDNN_STATUS_BAD_PARAM if xDesc, wDesc and yDesc differ in their number of dimensions or data type; if
// "xDesc's number of dimensions is not equal to convDesc array length + 2"; if x and w "have a non-matching
// number of input feature maps per image (or group in case of grouped convolutions)"; if the output channels
// are not "a multiple of group count".
bool consistent(const Problem& p) {
  const int groups = p.convolution.groups;
  return p.x.ndim == p.y.ndim && p.x.ndim == p.w.ndim && p.x.type == p.y.type && p.x.type == p.w.type &&
         p.x.ndim == p.convolution.axes + 2 && p.x.dims[1] == p.w.dims[1] * groups &&
         p.w.dims[0] % groups == 0;
}

// CUDNN_STATUS_NOT_SUPPORTED: "xDesc or yDesc have negative tensor striding", "a number of dimensions that is
// not 4 or 5" (5 is not emulated), a combination of types that is not in the tables.
cudnnStatus_t supported(const Problem& p) {
  if (p.x.has_negative_stride() || p.y.has_negative_stride()) return CUDNN_STATUS_NOT_SUPPORTED_LAYOUT;
  if (p.x.ndim != 4) return CUDNN_STATUS_NOT_SUPPORTED_SHAPE;
  if (p.w.format != CUDNN_TENSOR_NCHW) return CUDNN_STATUS_NOT_SUPPORTED_LAYOUT;
  if (bytes_of(p.x.type) == 0 || p.convolution.compute_type != p.x.type)
    return CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE;
  return CUDNN_STATUS_SUCCESS;
}

std::string to_text(const int* dims, int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += (i ? ", " : "") + std::to_string(dims[i]);
  return text;
}

}  // namespace

cudnnStatus_t read_problem(const char* call, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                           cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y, Problem* p) {
  if (!x || !w || !convolution || !y) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (read(x, &p->x) || read(w, &p->w) || read(convolution, &p->convolution) || read(y, &p->y))
    return CUDNN_STATUS_BAD_PARAM;
  if (!consistent(*p)) return CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH;
  if (const cudnnStatus_t status = supported(*p)) return status;
  int expected[max_axes];
  if (const auto status = cudnnGetConvolutionNdForwardOutputDim(convolution, x, w, p->x.ndim, expected))
    return status;
  // CUDNN_STATUS_NOT_SUPPORTED: "yDesc's spatial sizes do not match with the expected size as determined by
  // cudnnGetConvolutionNdForwardOutputDim()". A caller that falls back on that status would hide it, hence
  // the report.
  if (!std::equal(expected, expected + p->x.ndim, p->y.dims)) {
    report("wrong-shape", "{}: y is [{}], cuDNN expects [{}]", call, to_text(p->y.dims, p->y.ndim),
           to_text(expected, p->x.ndim));
    return CUDNN_STATUS_NOT_SUPPORTED_SHAPE;
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace plugrad::cuda_emulation::cudnn

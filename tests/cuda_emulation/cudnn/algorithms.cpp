// The tables "Supported Algorithms ... 2D Convolutions" of cudnnConvolutionForward(),
// cudnnConvolutionBackwardData() and cudnnConvolutionBackwardFilter(), for NCHW, float and double. Where
// releases of cuDNN differ, the stricter row holds: a caller must be ready for it. Forward algorithms are all
// deterministic; of the others, the enumerations in the header say "non-deterministic" beside ALGO_0 and
// ALGO_3.
#include "plugrad/tests/cuda_emulation/cudnn/algorithms.h"

#include <algorithm>

namespace plugrad::cuda_emulation::cudnn {

namespace {

using Kind = Algorithm::Kind;

constexpr Algorithm forward[] = {
    {CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD, Kind::Winograd, true, false},
    {CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING, Kind::FftTiling, true, false},
    {CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED, Kind::WinogradNonfused, true, false},
    {CUDNN_CONVOLUTION_FWD_ALGO_FFT, Kind::Fft, true, false},
    {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, Kind::Precomputed, true, false},
    {CUDNN_CONVOLUTION_FWD_ALGO_GEMM, Kind::Explicit, true, false},
    {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, Kind::Implicit, true, true},
    {CUDNN_CONVOLUTION_FWD_ALGO_DIRECT, Kind::None, true, false},
};
constexpr Algorithm backward_data[] = {
    {CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, Kind::Implicit, false, true},
    {CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD, Kind::Winograd, true, false},
    {CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING, Kind::FftTiling, true, false},
    {CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED, Kind::WinogradNonfused, true, false},
    {CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT, Kind::Fft, true, false},
    {CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, Kind::Precomputed, true, false},
};
constexpr Algorithm backward_filter[] = {
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3, Kind::Precomputed, false, false},
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, Kind::Implicit, false, true},
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING, Kind::FftTiling, true, false},
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED, Kind::WinogradNonfused, true, false},
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT, Kind::Fft, true, false},
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, Kind::Precomputed, true, false},
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD, Kind::None, true, false},
};

struct Spatial {
  int height, width;
};
Spatial filter_size(const Problem& p) { return {p.w.dims[2], p.w.dims[3]}; }
Spatial padded_size(const Problem& p) {
  return {p.x.dims[2] + 2 * p.convolution.padding[0], p.x.dims[3] + 2 * p.convolution.padding[1]};
}

// The rows FFT and FFT_TILING: "convDesc vertical and horizontal filter stride must equal 1", "wDesc filter
// height must be greater than convDesc zero-padding height", and so for the width.
bool suits_transforms(const Problem& p) {
  const auto [height, width] = filter_size(p);
  return !p.convolution.strided() && height > p.convolution.padding[0] && width > p.convolution.padding[1];
}

// FFT: "xDesc feature map height + 2 * convDesc zero-padding height must equal 256 or less", and so for the
// width.
bool suits_fft(const Problem& p) {
  const auto [height, width] = padded_size(p);
  return suits_transforms(p) && height <= 256 && width <= 256;
}

// FFT_TILING: "when neither of wDesc filter dimension is 1, the filter width and height must not be larger
// than 32", else "the largest filter dimension should not exceed 256".
bool suits_fft_tiling(const Problem& p) {
  const auto [height, width] = filter_size(p);
  return suits_transforms(p) && std::max(height, width) <= (height == 1 || width == 1 ? 256 : 32);
}

// WINOGRAD: strides of 1, "wDesc filter height must be 3", "wDesc filter width must be 3"; WINOGRAD_NONFUSED:
// "wDesc filter (height, width) must be (3,3) or (5,5)".
bool suits_winograd(const Problem& p, bool nonfused) {
  const auto [height, width] = filter_size(p);
  return !p.convolution.strided() && height == width && (height == 3 || (nonfused && height == 5));
}

// The columns "Tensor Formats Supported": transforms want planes without gaps (HW-packed), the others images
// without gaps (CHW-packed), but for the implicit forward algorithm, which takes any strides.
bool suits_layout(const Algorithm& a, const Problem& p) {
  if (a.kind == Kind::Implicit && a.deterministic) return true;
  const int first = a.kind == Kind::Fft || a.kind == Kind::FftTiling ? 2 : 1;
  return p.x.packed_from(first) && p.y.packed_from(first);
}

bool suits_shape(const Algorithm& a, const Problem& p) {
  switch (a.kind) {
    case Kind::Fft:
      return suits_fft(p);
    case Kind::FftTiling:
      return suits_fft_tiling(p);
    case Kind::Winograd:
      return suits_winograd(p, false);
    case Kind::WinogradNonfused:
      return suits_winograd(p, true);
    default:
      return true;
  }
}

// The columns "Data Type Configurations Supported": DOUBLE_CONFIG is only in the rows of the matrix products.
bool suits_type(const Algorithm& a, const Problem& p) {
  return p.x.type == CUDNN_DATA_FLOAT || a.kind == Kind::Implicit || a.kind == Kind::Precomputed ||
         a.kind == Kind::Explicit;
}

}  // namespace

// Groups rule none out: "convDesc Group count support: Greater than 0, for all algos".
cudnnStatus_t Algorithm::supports(const Problem& p) const {
  if (kind == Kind::None)
    return CUDNN_STATUS_NOT_SUPPORTED;  // "not implemented", says the header of two of them
  if (!suits_type(*this, p)) return CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE;
  if (!suits_layout(*this, p)) return CUDNN_STATUS_NOT_SUPPORTED_LAYOUT;
  if ((p.convolution.dilated() && !dilation) || !suits_shape(*this, p))
    return CUDNN_STATUS_NOT_SUPPORTED_SHAPE;
  return CUDNN_STATUS_SUCCESS;
}

size_t Algorithm::workspace(const Problem& p) const {
  const auto elements = [](int64_t n) { return static_cast<size_t>(n) * 4; };
  const int64_t pixels = int64_t{p.y.dims[2]} * p.y.dims[3];
  const auto [height, width] = padded_size(p);
  const int64_t plane = int64_t{height} * width,
                planes = int64_t{p.x.dims[0]} * p.x.dims[1] + p.w.size() + p.y.dims[1];
  const auto own = size_t{17} + 2 * static_cast<size_t>(id);
  switch (kind) {
    case Kind::Implicit:
      return deterministic ? 0 : own;
    case Kind::Precomputed:
      return elements(pixels) + own;
    case Kind::Explicit:
      return elements(pixels * p.w.size() / p.w.dims[0]) + own;
    case Kind::Winograd:
      return elements(p.w.size() * 2) + own;
    case Kind::WinogradNonfused:
      return elements(p.w.size() * 4 + p.x.size() * 2) + own;
    case Kind::Fft:
      return elements(plane * planes * 2) + (size_t{1} << 20) + own;
    case Kind::FftTiling:
      return elements(1024 * planes) + (size_t{1} << 20) + own;
    case Kind::None:
      return 0;
  }
  return 0;
}

std::span<const Algorithm> algorithms(Direction direction) {
  if (direction == Direction::Forward) return forward;
  if (direction == Direction::BackwardData) return backward_data;
  return backward_filter;
}

const Algorithm* find_algorithm(Direction direction, int id) {
  for (const Algorithm& a : algorithms(direction))
    if (a.id == id) return &a;
  return nullptr;
}

}  // namespace plugrad::cuda_emulation::cudnn

// Adds up a convolution row by row.
#include "plugrad/tests/cuda_emulation/cudnn/loops.h"

#include <algorithm>

namespace plugrad::cuda_emulation::cudnn {

namespace {

// One axis: output index i and tap k meet input index i * stride - padding + k * dilation.
struct Axis {
  int64_t size, out_size, taps, stride, padding, dilation;

  int64_t input(int64_t i, int64_t k) const { return i * stride - padding + k * dilation; }
  // The output indices whose input for tap k lies in the image: [first, last).
  int64_t first(int64_t k) const {
    const int64_t behind = padding - k * dilation;
    return behind <= 0 ? 0 : std::min((behind + stride - 1) / stride, out_size);
  }
  int64_t last(int64_t k) const {
    const int64_t room = size - 1 + padding - k * dilation;
    return room < 0 ? 0 : std::min(room / stride + 1, out_size);
  }
};

Axis axis(const Problem& p, int i) {
  const Convolution& c = p.convolution;
  return {p.x.dims[2 + i], p.y.dims[2 + i], p.w.dims[2 + i], c.stride[i], c.padding[i], c.dilation[i]};
}

// `n` elements of a row of x, a stride apart, and of y; and the weight between them.
void meet(Direction direction, double* __restrict x, int64_t stride, double& w, double* __restrict y,
          int64_t n) {
  if (direction == Direction::Forward) {
    for (int64_t i = 0; i < n; ++i) y[i] += x[i * stride] * w;
  } else if (direction == Direction::BackwardData) {
    for (int64_t i = 0; i < n; ++i) x[i * stride] += y[i] * w;
  } else {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += x[i * stride] * y[i];
    w += sum;
  }
}

// One plane of x, one filter [kh, kw], one plane of y.
void convolve_planes(Direction direction, const Axis& rows, const Axis& columns, bool flipped, double* x,
                     double* w, double* y) {
  for (int64_t i = 0; i < rows.taps; ++i)
    for (int64_t j = 0; j < columns.taps; ++j) {
      const int64_t tap = i * columns.taps + j;
      // cudnnConvolutionMode_t: CUDNN_CONVOLUTION turns the filter round, CUDNN_CROSS_CORRELATION does not.
      double& weight = w[flipped ? rows.taps * columns.taps - 1 - tap : tap];
      const int64_t first = columns.first(j), n = columns.last(j) - first;
      if (n <= 0) continue;
      for (int64_t row = rows.first(i); row < rows.last(i); ++row)
        meet(direction, x + rows.input(row, i) * columns.size + columns.input(first, j), columns.stride,
             weight, y + row * columns.out_size + first, n);
    }
}

}  // namespace

void convolve(Direction direction, const Problem& p, Values& v) {
  const Axis rows = axis(p, 0), columns = axis(p, 1);
  const int64_t filters = p.y.dims[1], channels = p.w.dims[1],
                filters_of_group = filters / p.convolution.groups;
  const int64_t x_plane = rows.size * columns.size, y_plane = rows.out_size * columns.out_size,
                w_plane = rows.taps * columns.taps;
  for (int64_t n = 0; n < p.x.dims[0]; ++n)
    for (int64_t o = 0; o < filters; ++o)
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t channel = o / filters_of_group * channels + c;
        convolve_planes(direction, rows, columns, p.convolution.mode == CUDNN_CONVOLUTION,
                        v.x.data() + (n * p.x.dims[1] + channel) * x_plane,
                        v.w.data() + (o * channels + c) * w_plane, v.y.data() + (n * filters + o) * y_plane);
      }
}

}  // namespace plugrad::cuda_emulation::cudnn

// The numbers of a convolution, as the kernels of several ops and backends get them.
#pragma once

#include <array>
#include <cstdint>

#include "plugrad/core/plugin.hpp"

namespace plugrad::common {

// Of y = conv(x, w), which of the three, or of their gradients, is written from the other two.
enum class Direction { forward, input_gradient, weight_gradient };

// y[n,o,r,s] = sum over c, i, j of x[n,first+c,r*stride-padding+i*dilation,...] w[o,c,i,j], `first` being the
// first channel of o's group; pairs are of rows and columns.
struct Convolution {
  int64_t images, channels, filters, groups;
  std::array<int64_t, 2> x, kernel, y, stride, padding, dilation;

  int64_t group_channels() const { return channels / groups; }
  int64_t group_filters() const { return filters / groups; }
  int64_t taps() const { return kernel[0] * kernel[1]; }
  int64_t pixels() const { return y[0] * y[1]; }
  int64_t x_size() const { return images * channels * x[0] * x[1]; }
  int64_t w_size() const { return filters * group_channels() * taps(); }
  int64_t y_size() const { return images * filters * pixels(); }
  int64_t multiply_adds() const { return y_size() * group_channels() * taps(); }
  bool depthwise() const { return group_channels() == 1 && group_filters() == 1; }
  // Is y as large as the padded x allows? It is smaller where x has output padding beyond the stride.
  bool has_all_windows() const {
    bool all = true;
    for (size_t k = 0; k < 2; ++k)
      all &= (x[k] + 2 * padding[k] - dilation[k] * (kernel[k] - 1) - 1) / stride[k] + 1 == y[k];
    return all;
  }
  bool empty() const { return x_size() == 0 || w_size() == 0 || y_size() == 0; }

  auto operator<=>(const Convolution&) const = default;
};

// x [n,c,h,w], w [o,c/groups,kh,kw] and y [n,o,oh,ow], row-major without gaps; the one that the direction
// says is written.
template <class T>
struct ConvolutionArrays {
  T *x, *w, *y;
};

namespace detail {

// The last two numbers of a list, or 1 and the only one.
inline std::array<int64_t, 2> last_two(const int64_t* values, int n, int64_t missing = 1) {
  return {n == 1 ? missing : values[n - 2], values[n - 1]};
}

}  // namespace detail

// Of arrays x [n,c,h,w], w and y, or [n,c,w] and so on, which stand for a height of 1. The attributes at
// `stride`, `padding`, `dilation` and `groups` are those of the call's op.
struct ConvolutionAttributes {
  int stride, padding, dilation, groups;
};
inline Convolution convolution(const plugin::Call& c, const ConvolutionAttributes& a, const DLTensor& x,
                               const DLTensor& w, const DLTensor& y) {
  const int axes = c.count(a.stride);
  const auto size = [axes](const DLTensor& t) { return detail::last_two(t.shape + 2, axes); };
  const auto pair = [&](int i, int64_t missing) { return detail::last_two(c.integers(i), axes, missing); };
  return {.images = x.shape[0],
          .channels = x.shape[1],
          .filters = w.shape[0],
          .groups = c.integer(a.groups),
          .x = size(x),
          .kernel = size(w),
          .y = size(y),
          .stride = pair(a.stride, 1),
          .padding = pair(a.padding, 0),
          .dilation = pair(a.dilation, 1)};
}

}  // namespace plugrad::common

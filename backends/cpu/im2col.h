// Convolution as matrix products: the patches of an image that the filters see, as columns of a matrix, and
// back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "plugrad/backends/common/convolution.h"

namespace plugrad::cpu {

// The channels of one group of one image, and the matrix [patch, pixels] of their patches.
struct Patches {
  int64_t channels;
  common::Convolution g;

  explicit Patches(const common::Convolution& of) : channels(of.group_channels()), g(of) {}
  int64_t rows() const { return channels * g.taps(); }  // elements that one output depends on
  int64_t size() const { return rows() * g.pixels(); }
  // Is the image its own matrix of patches?
  bool trivial() const {
    return g.taps() == 1 && g.stride == std::array<int64_t, 2>{1, 1} &&
           g.padding == std::array<int64_t, 2>{0, 0} && g.x == g.y;
  }
};

// Calls f(row, x_row, first, last, x_column) for each row of the patch matrix and each line of outputs:
// outputs [first, last) of the line read x_row[x_column], x_row[x_column + stride], ...; the others see
// padding. `x_row` is null where the whole line does.
template <class T, class F>
void for_each_line(const Patches& p, T* image, F&& f) {
  const common::Convolution& g = p.g;
  const int64_t h = g.x[0], w = g.x[1], ow = g.y[1], stride = g.stride[1];
  int64_t row = 0;
  for (int64_t c = 0; c < p.channels; ++c)
    for (int64_t a = 0; a < g.kernel[0]; ++a)
      for (int64_t b = 0; b < g.kernel[1]; ++b, ++row) {
        const int64_t column = b * g.dilation[1] - g.padding[1];
        const int64_t first = std::clamp<int64_t>(column >= 0 ? 0 : (-column + stride - 1) / stride, 0, ow);
        const int64_t last = std::clamp<int64_t>(column >= w ? 0 : (w - 1 - column) / stride + 1, first, ow);
        for (int64_t i = 0; i < g.y[0]; ++i) {
          const int64_t r = i * g.stride[0] + a * g.dilation[0] - g.padding[0];
          const bool inside = r >= 0 && r < h;
          f(row * g.pixels() + i * ow, inside ? image + (c * h + r) * w : nullptr, first, last,
            column + first * stride);
        }
      }
}

// Writes all of `columns`.
template <class T>
void image_to_columns(const Patches& p, const T* image, T* columns) {
  const int64_t ow = p.g.y[1], stride = p.g.stride[1];
  for_each_line(p, image, [&](int64_t at, const T* x, int64_t first, int64_t last, int64_t column) {
    T* to = columns + at;
    if (!x || first == last) return static_cast<void>(std::fill_n(to, ow, T{}));
    std::fill_n(to, first, T{});
    if (stride == 1) std::memcpy(to + first, x + column, static_cast<size_t>(last - first) * sizeof(T));
    else
      for (int64_t j = first; j < last; ++j) to[j] = x[column + (j - first) * stride];
    std::fill(to + last, to + ow, T{});
  });
}

// Adds each element of `columns` to the pixel of the image that it stands for.
template <class T>
void add_columns_to_image(const Patches& p, const T* columns, T* image) {
  const int64_t stride = p.g.stride[1];
  for_each_line(p, image, [&](int64_t at, T* x, int64_t first, int64_t last, int64_t column) {
    if (!x) return;
    const T* __restrict from = columns + at + first;
    T* __restrict to = x + column;
    if (stride == 1)
      for (int64_t j = 0; j < last - first; ++j) to[j] += from[j];
    else
      for (int64_t j = 0; j < last - first; ++j) to[j * stride] += from[j];
  });
}

}  // namespace plugrad::cpu

// Convolution as matrix products: the patches of an image that the filters see, as columns of a matrix, and
// back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace plugrad::cpu {

// The numbers of a two-dimensional convolution of one image.
struct Convolution {
  int64_t channels, h, w, filters, kernel_h, kernel_w, oh, ow;
  int64_t stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w;

  int64_t patch() const { return channels * kernel_h * kernel_w; }  // elements that one output depends on
  int64_t pixels() const { return oh * ow; }
};

// Calls f(row, x_row, first, last, x_column) for each row of the patch matrix [patch, pixels] and each line
// of outputs: outputs [first, last) of the line read x_row[x_column], x_row[x_column + stride_w], ...; the
// others see padding. `x_row` is null where the whole line does.
template <class T, class F>
void for_each_line(const Convolution& g, T* image, F&& f) {
  int64_t row = 0;
  for (int64_t c = 0; c < g.channels; ++c)
    for (int64_t a = 0; a < g.kernel_h; ++a)
      for (int64_t b = 0; b < g.kernel_w; ++b, ++row) {
        const int64_t column = b * g.dilation_w - g.padding_w;
        const int64_t first =
            std::clamp<int64_t>(column >= 0 ? 0 : (-column + g.stride_w - 1) / g.stride_w, 0, g.ow);
        const int64_t last =
            std::clamp<int64_t>(column >= g.w ? 0 : (g.w - 1 - column) / g.stride_w + 1, first, g.ow);
        for (int64_t i = 0; i < g.oh; ++i) {
          const int64_t r = i * g.stride_h + a * g.dilation_h - g.padding_h;
          const bool inside = r >= 0 && r < g.h;
          f(row * g.pixels() + i * g.ow, inside ? image + (c * g.h + r) * g.w : nullptr, first, last,
            column + first * g.stride_w);
        }
      }
}

// Writes all of `columns` [patch, pixels].
template <class T>
void image_to_columns(const Convolution& g, const T* image, T* columns) {
  for_each_line(g, image, [&](int64_t at, const T* x, int64_t first, int64_t last, int64_t column) {
    T* to = columns + at;
    if (!x || first == last) return static_cast<void>(std::fill_n(to, g.ow, T{}));
    std::fill_n(to, first, T{});
    if (g.stride_w == 1) std::memcpy(to + first, x + column, static_cast<size_t>(last - first) * sizeof(T));
    else
      for (int64_t j = first; j < last; ++j) to[j] = x[column + (j - first) * g.stride_w];
    std::fill(to + last, to + g.ow, T{});
  });
}

// Adds each element of `columns` to the pixel of the image that it stands for.
template <class T>
void add_columns_to_image(const Convolution& g, const T* columns, T* image) {
  for_each_line(g, image, [&](int64_t at, T* x, int64_t first, int64_t last, int64_t column) {
    if (!x) return;
    const T* __restrict from = columns + at + first;
    T* __restrict to = x + column;
    if (g.stride_w == 1)
      for (int64_t j = 0; j < last - first; ++j) to[j] += from[j];
    else
      for (int64_t j = 0; j < last - first; ++j) to[j * g.stride_w] += from[j];
  });
}

}  // namespace plugrad::cpu

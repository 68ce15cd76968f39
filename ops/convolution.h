// What the windows of convolutions and pooling have in common: how many there are, what cannot be, and the
// gradients that are convolutions again.
#pragma once

#include <fmt/format.h>

#include <limits>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

// Windows along one axis; `kernel` elements, `dilation` apart, see the padded axis.
struct Windows {
  int64_t kernel, stride, padding, dilation = 1;

  int64_t span() const { return dilation * (kernel - 1) + 1; }
  // How many fit into `length` elements; ShapeError where none does, or a number is none of a window's.
  int64_t count(const Inference& i, int64_t length) const {
    check(i);
    if (length < 1) i.fail("needs images with at least one element along each axis");
    const int64_t room = length + 2 * padding - span();
    if (room < 0)
      i.fail(fmt::format("a window of {} does not fit into {} with padding {}", span(), length, padding));
    return room / stride + 1;
  }
  // How many elements `n` windows are on, without the padding: the least length that they fit into.
  int64_t reach(int64_t n) const { return (n - 1) * stride + span() - 2 * padding; }
  // Every number is less than 2^31, so that their products are numbers, too.
  void check(const Inference& i) const {
    constexpr int64_t most = std::numeric_limits<int32_t>::max();
    const auto outside = [](int64_t v, int64_t least) { return v < least || v > most; };
    if (outside(kernel, 1) || outside(stride, 1) || outside(padding, 0) || outside(dilation, 1))
      i.fail(fmt::format("cannot have kernel {}, stride {}, padding {}, dilation {}", kernel, stride, padding,
                         dilation));
  }
};

// ShapeError unless attributes [0, n) have a number for each of the axes behind batch and channels.
inline void check_counts(const Inference& i, int n, int axes) {
  for (int a = 0; a < n; ++a)
    if (i.count(a) != axes)
      i.fail(fmt::format("needs {} for {} {}, not {}", i.op().attributes[a], axes,
                         axes == 1 ? "axis" : "axes", i.count(a)));
}

// ShapeError unless the channels on either side of a convolution can be parted into `groups`.
void check_groups(const Inference& i, int64_t groups, int64_t channels, int64_t filters);

// The numbers that a convolution over two axes gets from its op's attributes; one over one axis has height 1.
Conv2dOptions conv2d_options(const Gradient& g, int stride, int padding, int dilation, int groups);

// What conv_transpose2d makes of dy, y being conv2d(x, weight, options) with x of the shape `x`: the gradient
// in it.
Array convolution_input_gradient(const Array& dy, const Array& weight, const Shape& x,
                                 const Conv2dOptions& options);
// The gradient in a weight of the shape `weight`.
Array convolution_weight_gradient(const Array& x, const Array& dy, const Shape& weight,
                                  const Conv2dOptions& options);

}  // namespace plugrad

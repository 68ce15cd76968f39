// conv_transpose2d: what of a convolution is the gradient in its input, in which y has the place of that
// input and x that of the convolution's output.
//
//   y[n,first+k,row*stride-padding+i*dilation,...] += x[n,c,row,column] w[c,k,i,j]
//   dx: dy convolved with w      dw: the convolution's, of dy and x
#include "plugrad/backends/cpu/convolution.h"

namespace plugrad::cpu {
namespace {

constexpr common::ConvolutionAttributes attributes{.stride = 0, .padding = 1, .dilation = 3, .groups = 4};

void conv_transpose2d(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const DLTensor &x = c.in(0), &w = c.in(1), &y = c.out();
    convolve<T>(c, Direction::input_gradient, common::convolution(c, attributes, y, w, x),
                {data<T>(y), operand<T>(c, w), operand<T>(c, x)});
  });
}

void conv_transpose2d_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const DLTensor& dy = c.dout();
    T* dy_data = operand<T>(c, dy);
    if (c.wants(0)) {
      const DLTensor &dx = c.din(0), &w = c.in(1);
      convolve<T>(c, Direction::forward, common::convolution(c, attributes, dy, w, dx),
                  {dy_data, operand<T>(c, w), data<T>(dx)});
    }
    if (c.wants(1)) {
      const DLTensor &x = c.in(0), &dw = c.din(1);
      convolve<T>(c, Direction::weight_gradient, common::convolution(c, attributes, dy, dw, x),
                  {dy_data, data<T>(dw), operand<T>(c, x)});
    }
  });
}

PLUGRAD_KERNELS(conv_transpose2d, conv_transpose2d, conv_transpose2d_gradient);

}  // namespace
}  // namespace plugrad::cpu

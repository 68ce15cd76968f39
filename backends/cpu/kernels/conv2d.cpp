// conv2d, and conv1d as images of height 1.
//
//   y[n,o,row,column] = sum over c, i, j of x[n,first+c,row*stride-padding+i*dilation,...] w[o,c,i,j]
//   dx: of each product the part dy w      dw: the part dy x
#include "plugrad/backends/cpu/convolution.h"

namespace plugrad::cpu {
namespace {

constexpr common::ConvolutionAttributes attributes{.stride = 0, .padding = 1, .dilation = 2, .groups = 3};

void conv2d(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const DLTensor &x = c.in(0), &w = c.in(1), &y = c.out();
    convolve<T>(c, Direction::forward, common::convolution(c, attributes, x, w, y),
                {operand<T>(c, x), operand<T>(c, w), data<T>(y)});
  });
}

void conv2d_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const DLTensor& dy = c.dout();
    T* dy_data = operand<T>(c, dy);
    if (c.wants(0)) {
      const DLTensor &dx = c.din(0), &w = c.in(1);
      convolve<T>(c, Direction::input_gradient, common::convolution(c, attributes, dx, w, dy),
                  {data<T>(dx), operand<T>(c, w), dy_data});
    }
    if (c.wants(1)) {
      const DLTensor &x = c.in(0), &dw = c.din(1);
      convolve<T>(c, Direction::weight_gradient, common::convolution(c, attributes, x, dw, dy),
                  {operand<T>(c, x), data<T>(dw), dy_data});
    }
  });
}

PLUGRAD_KERNELS(conv2d, conv2d, conv2d_gradient);
PLUGRAD_KERNELS(conv1d, conv2d, conv2d_gradient);

}  // namespace
}  // namespace plugrad::cpu

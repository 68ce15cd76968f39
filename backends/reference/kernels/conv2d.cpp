// Two-dimensional convolution (strictly, cross-correlation) of images x [n,c,h,w] with filters w [o,c,kh,kw].
//
//   y[n,o,row,column] = sum over c, i, j of x[n,c,row*stride - padding + i*dilation, ...] w[o,c,i,j]
//
// where x is 0 outside of the image. Each product x w in it adds dy w to dx, and dy x to dw.
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// Calls f(element of y, element of x, element of w) for each product in the sums above.
template <class Y, class X, class W, class F>
void for_each_product(const Call& c, const View<Y>& y, const View<X>& x, const View<W>& w, F f) {
  const int64_t *stride = c.integers(0), *padding = c.integers(1), *dilation = c.integers(2);
  const auto for_each_place = [&](int64_t n, int64_t out, int64_t in, int64_t i, int64_t j) {
    for (int64_t row = 0; row < y.shape[2]; ++row) {
      const int64_t x_row = row * stride[0] - padding[0] + i * dilation[0];
      if (x_row < 0 || x_row >= x.shape[2]) continue;
      for (int64_t column = 0; column < y.shape[3]; ++column) {
        const int64_t x_column = column * stride[1] - padding[1] + j * dilation[1];
        if (x_column < 0 || x_column >= x.shape[3]) continue;
        f(y(n, out, row, column), x(n, in, x_row, x_column), w(out, in, i, j));
      }
    }
  };
  for (int64_t n = 0; n < x.shape[0]; ++n)
    for (int64_t out = 0; out < w.shape[0]; ++out)
      for (int64_t in = 0; in < w.shape[1]; ++in)
        for (int64_t i = 0; i < w.shape[2]; ++i)
          for (int64_t j = 0; j < w.shape[3]; ++j) for_each_place(n, out, in, i, j);
}

void conv2d(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, 0.0, c.out());
    const auto add = [](double& y, double x, double w) { y += x * w; };
    for_each_product(c, sums, view<const T>(c.in(0)), view<const T>(c.in(1)), add);
    store<T>(c.out(), sums);
  });
}

void conv2d_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto dy = view<const T>(c.dout());
    if (c.wants(0)) {
      const auto sums = workspace(c, 0.0, c.din(0));
      const auto add = [](double d, double& dx, double w) { dx += d * w; };
      for_each_product(c, dy, sums, view<const T>(c.in(1)), add);
      store<T>(c.din(0), sums);
    }
    if (c.wants(1)) {
      const auto sums = workspace(c, 0.0, c.din(1));
      const auto add = [](double d, double x, double& dw) { dw += d * x; };
      for_each_product(c, dy, view<const T>(c.in(0)), sums, add);
      store<T>(c.din(1), sums);
    }
  });
}

PLUGRAD_KERNELS(conv2d, conv2d, conv2d_gradient);

}  // namespace
}  // namespace plugrad::reference

// The transpose of convolution: each element of x [n,c,h,w] spreads its filter of w [c,o/groups,kh,kw] over
// y.
//
//   y[n,first+k,row*stride - padding + i*dilation, ...] += x[n,c,row,column] w[c,k,i,j]
//
// where y ends, and `first` is the first channel of y in c's group.
//   dx: of each product the part dy w      dw: the part dy x
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// Calls f(n, c, row, column) for each element of x.
template <class X, class F>
void for_each_element(const View<X>& x, F f) {
  for (int64_t n = 0; n < x.shape[0]; ++n)
    for (int64_t c = 0; c < x.shape[1]; ++c)
      for (int64_t row = 0; row < x.shape[2]; ++row)
        for (int64_t column = 0; column < x.shape[3]; ++column) f(n, c, row, column);
}

// Calls f(element of y, element of x, element of w) for each product above that meets y.
template <class Y, class X, class W, class F>
void spread(const Call& call, const View<Y>& y, const View<X>& x, const View<W>& w, F f) {
  const int64_t *stride = call.integers(0), *padding = call.integers(1), *dilation = call.integers(3);
  const int64_t channels_of_group = w.shape[0] / call.integer(4);
  for_each_element(x, [&](int64_t n, int64_t c, int64_t row, int64_t column) {
    const int64_t first = c / channels_of_group * w.shape[1];
    const int64_t top = row * stride[0] - padding[0], left = column * stride[1] - padding[1];
    for (int64_t k = 0; k < w.shape[1]; ++k)
      for (int64_t i = 0; i < w.shape[2]; ++i)
        for (int64_t j = 0; j < w.shape[3]; ++j) {
          const int64_t r = top + i * dilation[0], q = left + j * dilation[1];
          if (r >= 0 && r < y.shape[2] && q >= 0 && q < y.shape[3])
            f(y(n, first + k, r, q), x(n, c, row, column), w(c, k, i, j));
        }
  });
}

void conv_transpose2d(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, 0.0, c.out());
    spread(c, sums, view<const T>(c.in(0)), view<const T>(c.in(1)),
           [](double& y, double x, double w) { y += x * w; });
    store<T>(c.out(), sums);
  });
}

void conv_transpose2d_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto dy = view<const T>(c.dout());
    if (c.wants(0)) {
      const auto sums = workspace(c, 0.0, c.din(0));
      spread(c, dy, sums, view<const T>(c.in(1)), [](double d, double& dx, double w) { dx += d * w; });
      store<T>(c.din(0), sums);
    }
    if (c.wants(1)) {
      const auto sums = workspace(c, 0.0, c.din(1));
      spread(c, dy, view<const T>(c.in(0)), sums, [](double d, double x, double& dw) { dw += d * x; });
      store<T>(c.din(1), sums);
    }
  });
}

PLUGRAD_KERNELS(conv_transpose2d, conv_transpose2d, conv_transpose2d_gradient);

}  // namespace
}  // namespace plugrad::reference

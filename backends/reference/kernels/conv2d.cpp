// Convolution (strictly, cross-correlation) of images x [n,c,h,w] with filters w [o,c/groups,kh,kw], and of
// rows.
//
//   y[n,o,row,column] = sum over k, i, j of x[n,first+k,row*stride - padding + i*dilation, ...] w[o,k,i,j]
//
// where x is 0 outside of the image and `first` is the first channel of o's group. Each product x w in it
// adds dy w to dx, and dy x to dw. Rows [n,c,w] are images of height 1.
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// The attributes along one of the two axes.
struct Window {
  int64_t stride = 1, padding = 0, dilation = 1;
  int64_t input(int64_t output, int64_t tap) const { return output * stride - padding + tap * dilation; }
};

Window window(const Call& c, int axis) {
  const int i = axis - (2 - c.count(0));
  if (i < 0) return {};
  return {c.integers(0)[i], c.integers(1)[i], c.integers(2)[i]};
}

// With an axis of height 1 where there is none.
template <class T>
View<T> as_images(View<T> v) {
  if (v.ndim == 4) return v;
  v.shape[3] = std::exchange(v.shape[2], 1);
  v.strides[3] = std::exchange(v.strides[2], 0);
  v.ndim = 4;
  return v;
}

// Calls f(element of y, element of x, element of w) for each product in the sums above.
template <class Y, class X, class W, class F>
void for_each_product(const Call& c, const View<Y>& rows_y, const View<X>& rows_x, const View<W>& rows_w,
                      F f) {
  const View<Y> y = as_images(rows_y);
  const View<X> x = as_images(rows_x);
  const View<W> w = as_images(rows_w);
  const Window vertical = window(c, 0), horizontal = window(c, 1);
  const int64_t filters_of_group = w.shape[0] / c.integer(3);
  const auto for_each_place = [&](int64_t n, int64_t out, int64_t k, int64_t i, int64_t j) {
    const int64_t in = out / filters_of_group * w.shape[1] + k;
    for (int64_t row = 0; row < y.shape[2]; ++row) {
      const int64_t x_row = vertical.input(row, i);
      if (x_row < 0 || x_row >= x.shape[2]) continue;
      for (int64_t column = 0; column < y.shape[3]; ++column) {
        const int64_t x_column = horizontal.input(column, j);
        if (x_column < 0 || x_column >= x.shape[3]) continue;
        f(y(n, out, row, column), x(n, in, x_row, x_column), w(out, k, i, j));
      }
    }
  };
  for (int64_t n = 0; n < x.shape[0]; ++n)
    for (int64_t out = 0; out < w.shape[0]; ++out)
      for (int64_t k = 0; k < w.shape[1]; ++k)
        for (int64_t i = 0; i < w.shape[2]; ++i)
          for (int64_t j = 0; j < w.shape[3]; ++j) for_each_place(n, out, k, i, j);
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
PLUGRAD_KERNELS(conv1d, conv2d, conv2d_gradient);

}  // namespace
}  // namespace plugrad::reference

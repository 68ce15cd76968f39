// The maximum, and the mean, of each window of images x [n,c,h,w].
//
//   max:  y[n,c,row,column] = max over i, j of x[n,c,row*stride - padding + i, ...] within the image
//     dx: dy is added to the first maximum of its window in row-major order
//   mean: y[n,c,row,column] = sum over the same / size of the window, with its padding or without
//     dx: dy / size is added to each element of the window
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

// What of the image is in one window: rows [top, bottom), columns [left, right).
struct Box {
  int64_t top, bottom, left, right;
  int64_t size() const { return (bottom - top) * (right - left); }
};

// Calls f(n, c, row, column, box) for each window.
template <class F>
void for_each_window(const Call& call, const int64_t* x_shape, const DLTensor& y, F f) {
  const int64_t *kernel = call.integers(0), *stride = call.integers(1), *padding = call.integers(2);
  const auto box = [&](int64_t row, int64_t column) {
    const int64_t top = row * stride[0] - padding[0], left = column * stride[1] - padding[1];
    return Box{std::max<int64_t>(top, 0), std::min(top + kernel[0], x_shape[2]), std::max<int64_t>(left, 0),
               std::min(left + kernel[1], x_shape[3])};
  };
  for (int64_t n = 0; n < y.shape[0]; ++n)
    for (int64_t c = 0; c < y.shape[1]; ++c)
      for (int64_t row = 0; row < y.shape[2]; ++row)
        for (int64_t column = 0; column < y.shape[3]; ++column) f(n, c, row, column, box(row, column));
}

// Calls f(n, c, row, column, x_row, x_column) for each window, with the place of its first maximum in x.
template <class T, class F>
void for_each_maximum(const Call& call, const View<const T>& x, const DLTensor& y, F f) {
  for_each_window(call, x.shape, y, [&](auto n, auto c, auto row, auto column, const Box& box) {
    int64_t x_row = box.top, x_column = box.left;
    for (int64_t i = box.top; i < box.bottom; ++i)
      for (int64_t j = box.left; j < box.right; ++j)
        if (exceeds(x(n, c, i, j), x(n, c, x_row, x_column))) x_row = i, x_column = j;
    f(n, c, row, column, x_row, x_column);
  });
}

void max_pool2d(const Call& call) {
  with_floating(call.out().dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(call.in(0));
    const auto y = view<T>(call.out());
    for_each_maximum(call, x, call.out(),
                     [&](auto n, auto c, auto row, auto column, auto x_row, auto x_column) {
                       y(n, c, row, column) = x(n, c, x_row, x_column);
                     });
  });
}

void max_pool2d_gradient(const Call& call) {
  with_floating(call.dout().dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(call.in(0));
    const auto dy = view<const T>(call.dout());
    const auto dx = workspace(call, 0.0, call.din(0));
    for_each_maximum(call, x, call.dout(),
                     [&](auto n, auto c, auto row, auto column, auto x_row, auto x_column) {
                       dx(n, c, x_row, x_column) += dy(n, c, row, column);
                     });
    store<T>(call.din(0), dx);
  });
}

// How many elements the mean is over.
double divisor(const Call& call, const Box& box) {
  const int64_t whole = call.integers(0)[0] * call.integers(0)[1];
  return static_cast<double>(call.integer(3) ? whole : box.size());
}

void avg_pool2d(const Call& call) {
  with_floating(call.out().dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(call.in(0));
    const auto y = view<T>(call.out());
    for_each_window(call, x.shape, call.out(), [&](auto n, auto c, auto row, auto column, const Box& box) {
      double sum = 0;
      for (int64_t i = box.top; i < box.bottom; ++i)
        for (int64_t j = box.left; j < box.right; ++j) sum += x(n, c, i, j);
      y(n, c, row, column) = static_cast<T>(sum / divisor(call, box));
    });
  });
}

void avg_pool2d_gradient(const Call& call) {
  with_floating(call.dout().dtype, [&]<class T>(Type<T>) {
    const auto dy = view<const T>(call.dout());
    const auto dx = workspace(call, 0.0, call.din(0));
    for_each_window(call, dx.shape, call.dout(), [&](auto n, auto c, auto row, auto column, const Box& box) {
      const double part = dy(n, c, row, column) / divisor(call, box);
      for (int64_t i = box.top; i < box.bottom; ++i)
        for (int64_t j = box.left; j < box.right; ++j) dx(n, c, i, j) += part;
    });
    store<T>(call.din(0), dx);
  });
}

PLUGRAD_KERNELS(max_pool2d, max_pool2d, max_pool2d_gradient);
PLUGRAD_KERNELS(avg_pool2d, avg_pool2d, avg_pool2d_gradient);

}  // namespace
}  // namespace plugrad::reference

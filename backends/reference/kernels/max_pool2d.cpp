// The maximum of each window of images x [n,c,h,w].
//
//   y[n,c,row,column] = max over i, j of x[n,c,row*stride - padding + i, ...], where x is -infinity outside
//   dx: dy is added to the first maximum of its window in row-major order
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

// Calls f(n, c, row, column, x_row, x_column) for each window, with the place of its first maximum in x. A
// window that lies in the padding alone has none.
template <class T, class F>
void for_each_maximum(const Call& call, const View<const T>& x, const DLTensor& y, F f) {
  const int64_t *kernel = call.integers(0), *stride = call.integers(1), *padding = call.integers(2);
  const auto visit = [&](int64_t n, int64_t c, int64_t row, int64_t column) {
    const int64_t top = row * stride[0] - padding[0], left = column * stride[1] - padding[1];
    const int64_t bottom = std::min(top + kernel[0], x.shape[2]);
    const int64_t right = std::min(left + kernel[1], x.shape[3]);
    int64_t x_row = -1, x_column = -1;
    for (int64_t i = std::max<int64_t>(top, 0); i < bottom; ++i)
      for (int64_t j = std::max<int64_t>(left, 0); j < right; ++j)
        if (x_row < 0 || exceeds(x(n, c, i, j), x(n, c, x_row, x_column))) x_row = i, x_column = j;
    if (x_row >= 0) f(n, c, row, column, x_row, x_column);
  };
  for (int64_t n = 0; n < y.shape[0]; ++n)
    for (int64_t c = 0; c < y.shape[1]; ++c)
      for (int64_t row = 0; row < y.shape[2]; ++row)
        for (int64_t column = 0; column < y.shape[3]; ++column) visit(n, c, row, column);
}

void max_pool2d(const Call& call) {
  with_floating(call.out().dtype, [&]<class T>(Type<T>) {
    fill(call.out(), lowest<T>());
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

PLUGRAD_KERNELS(max_pool2d, max_pool2d, max_pool2d_gradient);

}  // namespace
}  // namespace plugrad::reference

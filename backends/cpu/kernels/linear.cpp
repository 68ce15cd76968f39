// linear: y = x W + b, for each vector along x's last axis.   dx = dy W^T, dW = x^T dy, db = 1^T dy
//
// The output begins as b in each row, to which the product is added.
#include <algorithm>

#include "plugrad/backends/cpu/products.h"
#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

using plugin::ProductAxes;

// Copies the first of `rows` rows to all others: twice as much each time, for rows may be short, as long as
// what is copied stays in the cache.
template <class T>
void repeat_row(T* first, int64_t columns, int64_t rows) {
  const int64_t all = rows * columns, most = std::max<int64_t>(4096 / columns, 1) * columns;
  for (int64_t filled = columns; filled < all;) {
    const int64_t n = std::min({filled, most, all - filled});
    std::copy_n(first, n, first + filled);
    filled += n;
  }
}

template <class T>
void fill_rows(const Call& c, const DLTensor& bias, const DLTensor& y) {
  const int64_t columns = bias.shape[0], rows = columns == 0 ? 0 : size(y) / columns;
  parallel_for(c.threads(), rows, light_grain / std::max<int64_t>(columns, 1) + 1,
               [&](int64_t begin, int64_t end) {
                 if (begin == end) return;
                 T* const to = data<T>(y) + begin * columns;
                 pack_run(to, static_cast<const T*>(data<T>(bias)), bias.strides[0], columns);
                 repeat_row(to, columns, end - begin);
               });
}

// Of db = 1^T dy: a is a single 1, over and over again.
ProductAxes column_sums(const DLTensor& dy) {
  const int last = dy.ndim - 1;
  ProductAxes axes;
  axes.n = {dy.shape[last], 0, dy.strides[last], 1};
  for (int i = last; i-- > 0;) axes.batch[axes.batch_ndim++] = {dy.shape[i], 0, dy.strides[i], 0};
  return axes;
}

void linear(const Call& c) {
  const DLTensor &x = c.in(0), &w = c.in(1), &y = c.out();
  plugin::with_floating(y.dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    fill_rows<T>(c, c.in(2), y);
    multiply(c, plugin::product_axes(x, w, y), data<const T>(x), data<const T>(w), data<T>(y), true);
  });
}

void linear_gradient(const Call& c) {
  const DLTensor& dy = c.dout();
  plugin::with_floating(dy.dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T* from = data<const T>(dy);
    if (c.wants(0)) {
      const DLTensor &dx = c.din(0), &w = c.in(1);
      multiply(c, gradient_in_a(plugin::product_axes(dx, w, dy)), from, data<const T>(w), data<T>(dx));
    }
    if (c.wants(1)) {
      const DLTensor &x = c.in(0), &dw = c.din(1);
      multiply(c, gradient_in_b(plugin::product_axes(x, dw, dy)), data<const T>(x), from, data<T>(dw));
    }
    const T one = 1;
    if (c.wants(2)) multiply(c, column_sums(dy), &one, from, data<T>(c.din(2)));
  });
}

PLUGRAD_KERNELS(linear, linear, linear_gradient);

}  // namespace
}  // namespace plugrad::cpu

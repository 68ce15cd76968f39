// linear: y = x W + b, for each vector along x's last axis.   dx = dy W^T, dW = x^T dy, db = sum of dy's rows
//
// The output begins as b in each row, to which cuBLAS adds the product.
#include <algorithm>

#include "plugrad/backends/cuda/gemm.h"
#include "plugrad/backends/cuda/reduction.cuh"
#include "plugrad/backends/cuda/strided_copy.h"

namespace plugrad::cuda {
namespace {

using plugin::data;

void linear(const Call& c) {
  const DLTensor &x = c.in(0), &w = c.in(1), &y = c.out();
  copy_elements(c, y, c.in(2));
  with_floating(y.dtype, [&]<class T>(Type<T>) {
    multiply(c, plugin::product_axes(x, w, y), data<const T>(x), data<const T>(w), data<T>(y), true);
  });
}

void linear_gradient(const Call& c) {
  const DLTensor& dy = c.dout();
  with_floating(dy.dtype, [&]<class T>(Type<T>) {
    if (c.wants(0)) {
      const DLTensor &dx = c.din(0), &w = c.in(1);
      multiply(c, gradient_in_a(plugin::product_axes(dx, w, dy)), data<const T>(dy), data<const T>(w),
               data<T>(dx));
    }
    if (c.wants(1)) {
      const DLTensor &x = c.in(0), &dw = c.din(1);
      multiply(c, gradient_in_b(plugin::product_axes(x, dw, dy)), data<const T>(x), data<const T>(dy),
               data<T>(dw));
    }
    if (c.wants(2)) {
      bool reduced[PLUGRAD_MAX_NDIM] = {};
      std::fill_n(reduced, dy.ndim - 1, true);
      reduce(c, FloatingSum<T>{}, dy, reduced, data<T>(c.din(2)));
    }
  });
}

PLUGRAD_KERNELS(linear, linear, linear_gradient);

}  // namespace
}  // namespace plugrad::cuda

// matmul: z = x y, for each index of the batch.   dx = dz y^T, dy = x^T dz, each summed over the batch axes
// along which its operand is repeated
#include "plugrad/backends/cuda/gemm.h"

namespace plugrad::cuda {
namespace {

using plugin::Call;
using plugin::data;
using plugin::Type;

void matmul(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.in(1), &z = c.out();
  plugin::with_floating(z.dtype, [&]<class T>(Type<T>) {
    multiply(c, plugin::product_axes(x, y, z), data<const T>(x), data<const T>(y), data<T>(z));
  });
}

void matmul_gradient(const Call& c) {
  const DLTensor& dz = c.dout();
  plugin::with_floating(dz.dtype, [&]<class T>(Type<T>) {
    if (c.wants(0)) {
      const DLTensor &dx = c.din(0), &y = c.in(1);
      multiply(c, gradient_in_a(plugin::product_axes(dx, y, dz)), data<const T>(dz), data<const T>(y),
               data<T>(dx));
    }
    if (c.wants(1)) {
      const DLTensor &x = c.in(0), &dy = c.din(1);
      multiply(c, gradient_in_b(plugin::product_axes(x, dy, dz)), data<const T>(x), data<const T>(dz),
               data<T>(dy));
    }
  });
}

PLUGRAD_KERNELS(matmul, matmul, matmul_gradient);

}  // namespace
}  // namespace plugrad::cuda

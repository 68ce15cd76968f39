// matmul: z = x y, for each index of the batch.   dx = dz y^T, dy = x^T dz, each summed over the batch axes
// along which its operand is repeated
#include "plugrad/backends/cpu/gemm.h"
#include "plugrad/backends/cpu/products.h"

namespace plugrad::cpu {
namespace {

using plugin::Call;
using plugin::data;

template <class T>
Matrix<T> matrix(const DLTensor& t) {
  return {plugin::data<T>(t), t.shape[0], t.shape[1], t.strides[0], t.strides[1]};
}

void multiply_matrices(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    Scratch scratch(c);
    multiply<T>({matrix<const T>(c.in(0)), matrix<const T>(c.in(1)), matrix<T>(c.out())}, scratch,
                c.threads());
  });
}
[[gnu::noinline]] void multiply_batches(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.in(1), &z = c.out();
  plugin::with_floating(z.dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    multiply(c, plugin::product_axes(x, y, z), data<const T>(x), data<const T>(y), data<T>(z));
  });
}

void gradient_of_matrices(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    Scratch scratch(c);
    const auto dz = matrix<const T>(c.dout());
    if (c.wants(0))
      multiply<T>({dz, matrix<const T>(c.in(1)).transposed(), matrix<T>(c.din(0))}, scratch, c.threads());
    if (c.wants(1))
      multiply<T>({matrix<const T>(c.in(0)).transposed(), dz, matrix<T>(c.din(1))}, scratch, c.threads());
  });
}
[[gnu::noinline]] void gradient_of_batches(const Call& c) {
  const DLTensor& dz = c.dout();
  plugin::with_floating(dz.dtype, [&](auto t) {
    using T = typename decltype(t)::type;
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

// Two matrices are the usual case, and do without the axes of batches. That one of the operands is a matrix
// and z too means that both are.
void matmul(const Call& c) {
  if (c.in(0).ndim == 2 && c.in(1).ndim == 2) multiply_matrices(c);
  else multiply_batches(c);
}
void matmul_gradient(const Call& c) {
  const DLTensor& operand = c.wants(0) ? c.din(0) : c.din(1);
  if (operand.ndim == 2 && c.dout().ndim == 2) gradient_of_matrices(c);
  else gradient_of_batches(c);
}

PLUGRAD_KERNELS(matmul, matmul, matmul_gradient);

}  // namespace
}  // namespace plugrad::cpu

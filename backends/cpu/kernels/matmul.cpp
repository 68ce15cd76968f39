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

// Two matrices are the usual case, and do without the axes of batches.
bool are_matrices(const DLTensor& x, const DLTensor& y) { return x.ndim == 2 && y.ndim == 2; }

void matmul(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.in(1), &z = c.out();
  plugin::with_floating(z.dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    if (!are_matrices(x, y))
      return multiply(c, plugin::product_axes(x, y, z), data<const T>(x), data<const T>(y), data<T>(z));
    Scratch scratch(c);
    multiply<T>({matrix<const T>(x), matrix<const T>(y), matrix<T>(z)}, scratch, c.threads());
  });
}

template <class T>
void gradient_of_matrices(const Call& c) {
  Scratch scratch(c);
  const auto dz = matrix<const T>(c.dout());
  if (c.wants(0))
    multiply<T>({dz, matrix<const T>(c.in(1)).transposed(), matrix<T>(c.din(0))}, scratch, c.threads());
  if (c.wants(1))
    multiply<T>({matrix<const T>(c.in(0)).transposed(), dz, matrix<T>(c.din(1))}, scratch, c.threads());
}

template <class T>
void gradient_of_batches(const Call& c) {
  const DLTensor& dz = c.dout();
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
}

void matmul_gradient(const Call& c) {
  const bool matrices = are_matrices(c.wants(0) ? c.din(0) : c.in(0), c.wants(1) ? c.din(1) : c.in(1));
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    if (matrices) gradient_of_matrices<T>(c);
    else gradient_of_batches<T>(c);
  });
}

PLUGRAD_KERNELS(matmul, matmul, matmul_gradient);

}  // namespace
}  // namespace plugrad::cpu

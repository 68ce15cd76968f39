// matmul: z = x y.   dx = dz y^T, dy = x^T dz
#include "plugrad/backends/cpu/gemm.h"

namespace plugrad::cpu {
namespace {

using plugin::Call;

template <class T>
Matrix<T> matrix(const DLTensor& t) {
  return {plugin::data<T>(t), t.shape[0], t.shape[1], t.strides[0], t.strides[1]};
}

void matmul(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    Scratch scratch(c);
    multiply<T>({matrix<const T>(c.in(0)), matrix<const T>(c.in(1)), matrix<T>(c.out())}, scratch,
                c.threads());
  });
}

void matmul_gradient(const Call& c) {
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

PLUGRAD_KERNELS(matmul, matmul, matmul_gradient);

}  // namespace
}  // namespace plugrad::cpu

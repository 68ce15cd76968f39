// matmul: z = x y.   dx = dz y^T, dy = x^T dz
#include "plugrad/backends/cuda/gemm.h"

namespace plugrad::cuda {
namespace {

using plugin::Call;
using plugin::Type;

void matmul(const Call& c) {
  plugin::with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    multiply(c, matrix<const T>(c.in(0)), matrix<const T>(c.in(1)), matrix<T>(c.out()));
  });
}

void matmul_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto dz = matrix<const T>(c.dout());
    if (c.wants(0)) multiply(c, dz, matrix<const T>(c.in(1)).transposed(), matrix<T>(c.din(0)));
    if (c.wants(1)) multiply(c, matrix<const T>(c.in(0)).transposed(), dz, matrix<T>(c.din(1)));
  });
}

PLUGRAD_KERNELS(matmul, matmul, matmul_gradient);

}  // namespace
}  // namespace plugrad::cuda

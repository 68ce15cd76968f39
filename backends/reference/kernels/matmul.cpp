// The product of two matrices.
//
//   z[i,j] = sum over p of x[i,p] y[p,j]
//   dx[i,p] = sum over j of dz[i,j] y[p,j]      (dx = dz y^T)
//   dy[p,j] = sum over i of dz[i,j] x[i,p]      (dy = x^T dz)
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// Calls f(z[i,j], x[i,p], y[p,j]) for each product in the sums above.
template <class Z, class X, class Y, class F>
void for_each_product(const View<Z>& z, const View<X>& x, const View<Y>& y, F f) {
  for (int64_t i = 0; i < x.shape[0]; ++i)
    for (int64_t p = 0; p < x.shape[1]; ++p)
      for (int64_t j = 0; j < y.shape[1]; ++j) f(z(i, j), x(i, p), y(p, j));
}

void matmul(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, 0.0, c.out());
    const auto add = [](double& z, double x, double y) { z += x * y; };
    for_each_product(sums, view<const T>(c.in(0)), view<const T>(c.in(1)), add);
    store<T>(c.out(), sums);
  });
}

void matmul_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto dz = view<const T>(c.dout());
    if (c.wants(0)) {
      const auto sums = workspace(c, 0.0, c.din(0));
      const auto add = [](double d, double& dx, double y) { dx += d * y; };
      for_each_product(dz, sums, view<const T>(c.in(1)), add);
      store<T>(c.din(0), sums);
    }
    if (c.wants(1)) {
      const auto sums = workspace(c, 0.0, c.din(1));
      const auto add = [](double d, double x, double& dy) { dy += d * x; };
      for_each_product(dz, view<const T>(c.in(0)), sums, add);
      store<T>(c.din(1), sums);
    }
  });
}

PLUGRAD_KERNELS(matmul, matmul, matmul_gradient);

}  // namespace
}  // namespace plugrad::reference

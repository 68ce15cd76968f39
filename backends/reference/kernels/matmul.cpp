// The product of two matrices, or of two for each index of a batch, along which either may be repeated.
//
//   z[i,j] = sum over p of x[i,p] y[p,j]
//   dx[i,p] = sum over j of dz[i,j] y[p,j]      (dx = dz y^T)
//   dy[p,j] = sum over i of dz[i,j] x[i,p]      (dy = x^T dz)
//
// An operand that is repeated has the sum of the gradients of its repetitions. A vector x is a matrix of one
// row, a vector y of one column.
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// `v` with a new axis of length 1.
template <class T>
View<T> unsqueezed(const View<T>& v, int axis) {
  View<T> more{v.data, v.ndim + 1};
  for (int i = 0, k = 0; i < more.ndim; ++i) {
    more.shape[i] = i == axis ? 1 : v.shape[k];
    more.strides[i] = i == axis ? 0 : v.strides[k++];
  }
  return more;
}

// The operands and their product as matrices with the same batch axes in front of them.
template <class X, class Y, class Z>
struct Matrices {
  View<X> x;
  View<Y> y;
  View<Z> z;

  Matrices(View<X> x_, View<Y> y_, View<Z> z_) : x(x_), y(y_), z(z_) {
    if (y.ndim == 1) y = unsqueezed(y, 1), z = unsqueezed(z, z.ndim);
    if (x.ndim == 1) x = unsqueezed(x, 0), z = unsqueezed(z, z.ndim - 1);
    x = repeated(x);
    y = repeated(y);
  }

  // Calls f(z[i,j], x[i,p], y[p,j]) for each product in the sums above, of all indices of the batch.
  template <class F>
  void for_each_product(F f) const {
    for_each_product(f, x, y, z);
  }

 private:
  // The batch axes of z, along which the others may have length 1 or be absent.
  template <class T>
  View<T> repeated(const View<T>& v) const {
    View<T> all{v.data, z.ndim};
    const int lead = z.ndim - v.ndim;
    for (int i = 0; i < z.ndim; ++i) {
      const bool matrix = i >= z.ndim - 2, absent = i < lead || (!matrix && v.shape[i - lead] == 1);
      all.shape[i] = matrix ? v.shape[i - lead] : z.shape[i];
      all.strides[i] = absent ? 0 : v.strides[i - lead];
    }
    return all;
  }

  template <class F>
  static void for_each_product(F f, const View<X>& x, const View<Y>& y, const View<Z>& z) {
    if (z.ndim > 2) {
      for (int64_t b = 0; b < z.shape[0]; ++b) for_each_product(f, x.at(0, b), y.at(0, b), z.at(0, b));
      return;
    }
    for (int64_t i = 0; i < x.shape[0]; ++i)
      for (int64_t p = 0; p < x.shape[1]; ++p)
        for (int64_t j = 0; j < y.shape[1]; ++j) f(z(i, j), x(i, p), y(p, j));
  }
};

void matmul(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, 0.0, c.out());
    Matrices(view<const T>(c.in(0)), view<const T>(c.in(1)), sums)
        .for_each_product([](double& z, double x, double y) { z += x * y; });
    store<T>(c.out(), sums);
  });
}

void matmul_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto dz = view<const T>(c.dout());
    if (c.wants(0)) {
      const auto sums = workspace(c, 0.0, c.din(0));
      Matrices(sums, view<const T>(c.in(1)), dz).for_each_product([](double d, double& dx, double y) {
        dx += d * y;
      });
      store<T>(c.din(0), sums);
    }
    if (c.wants(1)) {
      const auto sums = workspace(c, 0.0, c.din(1));
      Matrices(view<const T>(c.in(0)), sums, dz).for_each_product([](double d, double x, double& dy) {
        dy += d * x;
      });
      store<T>(c.din(1), sums);
    }
  });
}

PLUGRAD_KERNELS(matmul, matmul, matmul_gradient);

}  // namespace
}  // namespace plugrad::reference

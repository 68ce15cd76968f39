// A product with a matrix and a bias, for each vector along x's last axis.
//
//   y[...,j] = b[j] + sum over i of x[...,i] W[i,j]
//   dx[...,i] = sum over j of dy[...,j] W[i,j]
//   dW[i,j] = sum over ... of x[...,i] dy[...,j]
//   db[j] = sum over ... of dy[...,j]
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// Calls f(i, j, element i of x's vector, element j of y's) for each pair; the vectors are those in the same
// place.
template <class X, class Y, class F>
void for_each_pair(const View<X>& x, const View<Y>& y, F f) {
  const int last = x.ndim - 1;
  const int64_t m = x.shape[last], n = y.shape[last], step = x.strides[last], step_y = y.strides[last];
  if (m == 0 || n == 0) return;
  for_each(
      [&](X& u, Y& v) {
        for (int64_t i = 0; i < m; ++i)
          for (int64_t j = 0; j < n; ++j) f(i, j, (&u)[i * step], (&v)[j * step_y]);
      },
      x.at(last, 0), y.at(last, 0));
}

// Adds x, whose last axis is that of `sums`.
template <class T>
void add_rows(const View<double>& sums, const View<const T>& x, const DLTensor& like) {
  for_each([](double& sum, T value) { sum += value; }, broadcast(sums, like), x);
}

void linear(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  with_floating(y.dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, 0.0, y);
    const auto w = view<const T>(c.in(1));
    add_rows(sums, broadcast(view<const T>(c.in(2)), y), y);
    for_each_pair(view<const T>(x), sums,
                  [&](int64_t i, int64_t j, T u, double& sum) { sum += double{u} * double{w(i, j)}; });
    store<T>(y, sums);
  });
}

void linear_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto dy = view<const T>(c.dout());
    if (c.wants(0)) {
      const auto sums = workspace(c, 0.0, c.din(0));
      const auto w = view<const T>(c.in(1));
      for_each_pair(sums, dy,
                    [&](int64_t i, int64_t j, double& dx, T d) { dx += double{d} * double{w(i, j)}; });
      store<T>(c.din(0), sums);
    }
    if (c.wants(1)) {
      const auto sums = workspace(c, 0.0, c.din(1));
      for_each_pair(view<const T>(c.in(0)), dy,
                    [&](int64_t i, int64_t j, T x, T d) { sums(i, j) += double{x} * double{d}; });
      store<T>(c.din(1), sums);
    }
    if (c.wants(2)) {
      const auto sums = workspace(c, 0.0, c.din(2));
      add_rows(sums, dy, c.dout());
      store<T>(c.din(2), sums);
    }
  });
}

PLUGRAD_KERNELS(linear, linear, linear_gradient);

}  // namespace
}  // namespace plugrad::reference

// Sums, means and products over some axes.
//
//   sum      y = sum x                     dx = dy, repeated    (no kernel)
//   sum_to   y = sum x over the axes along which y would be broadcast    dx = dy, repeated    (no kernel)
//   mean     y = sum x / n                 dx = dy / n, repeated
//   prod     y = product of x              dx = dy times the product of the other elements: of those before
//                                               it and those behind it
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

// Adds each element of x to the one of `sums` in the same place.
template <class T>
void add_up(const View<Sum<T>>& sums, const View<const T>& x) {
  for_each([](Sum<T>& sum, T value) { sum += static_cast<Sum<T>>(value); }, sums, x);
}

void sum(const Call& c) {
  const DLTensor& x = c.in(0);
  with_any(x.dtype, [&]<class T>(Type<T>) {
    using Out = std::conditional_t<std::is_floating_point_v<T>, T, int64_t>;
    const auto sums = workspace(c, Sum<T>(0), c.out());
    add_up<T>(repeat(sums, x, axes_attribute(c, 0, x)), view<const T>(x));
    store<Out>(c.out(), sums);
  });
}

void sum_to(const Call& c) {
  const DLTensor& x = c.in(0);
  with_number(x.dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, Sum<T>(0), c.out());
    add_up<T>(broadcast(sums, x), view<const T>(x));
    store<T>(c.out(), sums);
  });
}

void mean(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, 0.0, c.out());
    add_up<T>(repeat(sums, x, axes), view<const T>(x));
    for_each([n = reduced_count(x, axes)](double& sum) { sum /= n; }, sums);
    store<T>(c.out(), sums);
  });
}

void mean_gradient(const Call& c) {
  const DLTensor& dx = c.din(0);
  const Axes axes = axes_attribute(c, 0, dx);
  with_floating(dx.dtype, [&]<class T>(Type<T>) {
    for_each([n = reduced_count(dx, axes)](T& d, T dy) { d = static_cast<T>(dy / n); }, view<T>(dx),
             repeat(view<const T>(c.dout()), dx, axes));
  });
}

void prod(const Call& c) {
  const DLTensor& x = c.in(0);
  const auto run = [&]<class T>(Type<T>) {
    const auto products = workspace(c, Sum<T>(1), c.out());
    for_each([](Sum<T>& product, T value) { product *= static_cast<Sum<T>>(value); },
             repeat(products, x, axes_attribute(c, 0, x)), view<const T>(x));
    store<T>(c.out(), products);
  };
  if (x.dtype.code == kDLInt) run(Type<int64_t>{});
  else with_floating(x.dtype, run);
}

void prod_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto values = view<const T>(x);
    const auto before = workspace(c, 1.0, x), behind = workspace(c, 1.0, x);
    // Walks on with the product of what has been passed.
    const auto pass = [](double& others, double& product, T value) {
      others = product;
      product *= value;
    };
    for_each(pass, before, repeat(workspace(c, 1.0, c.dout()), x, axes), values);
    const auto products = repeat(workspace(c, 1.0, c.dout()), x, axes);
    for_each(pass, reversed(behind), reversed(products), reversed(values));
    for_each([](T& dx, double a, double b, T dy) { dx = static_cast<T>(a * b * dy); }, view<T>(c.din(0)),
             before, behind, repeat(view<const T>(c.dout()), x, axes));
  });
}

PLUGRAD_FORWARD(sum, sum);
PLUGRAD_FORWARD(sum_to, sum_to);
PLUGRAD_KERNELS(mean, mean, mean_gradient);
PLUGRAD_KERNELS(prod, prod, prod_gradient);

}  // namespace
}  // namespace plugrad::reference

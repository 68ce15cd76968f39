// logsumexp: y = m + log sum e^(x-m) over some axes, m being the largest element, or 0 where that is
// infinite.   dx = dy e^(x-y), 0 where y is -infinity
#include <cmath>

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

void logsumexp(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto m = workspace(c, lowest<double>(), c.out()), sum = workspace(c, 0.0, c.out());
    const auto take_larger = [](double& largest, T value) {
      if (exceeds<double>(value, largest)) largest = value;
    };
    for_each(take_larger, repeat(m, x, axes), view<const T>(x));
    for_each([](double& largest) { largest = std::isinf(largest) ? 0 : largest; }, m);
    for_each([](double& s, double largest, T value) { s += std::exp(value - largest); }, repeat(sum, x, axes),
             repeat(m, x, axes), view<const T>(x));
    for_each([](T& y, double largest, double s) { y = static_cast<T>(largest + std::log(s)); },
             view<T>(c.out()), m, sum);
  });
}

void logsumexp_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto slope = [](T& dx, double value, double y, T dy) {
      dx = y == lowest<double>() ? T(0) : static_cast<T>(dy * std::exp(value - y));
    };
    for_each(slope, view<T>(c.din(0)), view<const T>(x), repeat(view<const T>(c.out()), x, axes),
             repeat(view<const T>(c.dout()), x, axes));
  });
}

PLUGRAD_KERNELS(logsumexp, logsumexp, logsumexp_gradient);

}  // namespace
}  // namespace plugrad::reference

// Variance and standard deviation over some axes, in two passes; m is the mean of the n elements, and f is
// n - correction, at least 0.
//
//   var      y = sum (x - m)^2 / f           dx = 2 dy (x - m) / f
//   stddev   y = sqrt(sum (x - m)^2 / f)     dx = dy (x - m) / (f y), 0 where y = 0
#include <cmath>

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

double degrees_of_freedom(const Call& c, const DLTensor& x, Axes axes) {
  return std::max(reduced_count(x, axes) - c.real(2), 0.0);
}

// x minus its mean, of x's shape.
template <class T>
View<double> distances(const Call& c, const DLTensor& x, Axes axes) {
  const auto mean = repeat(workspace(c, 0.0, x, axes), x, axes), d = workspace(c, 0.0, x);
  const double n = reduced_count(x, axes);
  for_each([](double& sum, T value) { sum += value; }, mean, view<const T>(x));
  for_each([n](double& distance, T value, double sum) { distance = value - sum / n; }, d, view<const T>(x),
           mean);
  return d;
}

template <class T>
View<double> variances(const Call& c, const DLTensor& x, Axes axes) {
  const auto sums = workspace(c, 0.0, c.out());
  for_each([](double& sum, double d) { sum += d * d; }, repeat(sums, x, axes), distances<T>(c, x, axes));
  for_each([f = degrees_of_freedom(c, x, axes)](double& sum) { sum /= f; }, sums);
  return sums;
}

void var(const Call& c) {
  const DLTensor& x = c.in(0);
  with_floating(x.dtype,
                [&]<class T>(Type<T>) { store<T>(c.out(), variances<T>(c, x, axes_attribute(c, 0, x))); });
}

void stddev(const Call& c) {
  const DLTensor& x = c.in(0);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto roots = variances<T>(c, x, axes_attribute(c, 0, x));
    for_each([](double& y) { y = std::sqrt(y); }, roots);
    store<T>(c.out(), roots);
  });
}

void var_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  const double f = degrees_of_freedom(c, x, axes);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    for_each([f](T& dx, double d, T dy) { dx = static_cast<T>(d * (dy * (2 / f))); }, view<T>(c.din(0)),
             distances<T>(c, x, axes), repeat(view<const T>(c.dout()), x, axes));
  });
}

void stddev_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  const double f = degrees_of_freedom(c, x, axes);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto slope = [f](T& dx, double d, T y, T dy) {
      dx = y == 0 ? T(0) : static_cast<T>(dy * d / (f * y));
    };
    for_each(slope, view<T>(c.din(0)), distances<T>(c, x, axes), repeat(view<const T>(c.out()), x, axes),
             repeat(view<const T>(c.dout()), x, axes));
  });
}

PLUGRAD_KERNELS(var, var, var_gradient);
PLUGRAD_KERNELS(stddev, stddev, stddev_gradient);

}  // namespace
}  // namespace plugrad::reference

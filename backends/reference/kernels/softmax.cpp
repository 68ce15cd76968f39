// Softmax and its logarithm along one axis; m, the maximum, is subtracted so that no exponential overflows.
//
//   softmax       y = e^(x-m) / sum e^(x-m)         dx = y (dy - sum dy y)
//   log_softmax   y = x - m - log sum e^(x-m)       dx = dy - e^y sum dy
#include <cmath>

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

// The maximum along `axis`, repeated along it; and the sum of e^(x-m).
struct Normalizer {
  View<double> max, sum;
};

template <class T>
Normalizer normalizer(const Call& c, const DLTensor& x, Axes axis) {
  const auto max = repeat(workspace(c, lowest<double>(), x, axis), x, axis);
  const auto sum = repeat(workspace(c, 0.0, x, axis), x, axis);
  const auto take_larger = [](double& m, T value) {
    if (exceeds<double>(value, m)) m = value;
  };
  for_each(take_larger, max, view<const T>(x));
  for_each([](double& s, double m, T value) { s += std::exp(value - m); }, sum, max, view<const T>(x));
  return {max, sum};
}

void softmax(const Call& c) {
  const DLTensor& x = c.in(0);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto [max, sum] = normalizer<T>(c, x, only(axis_attribute(c, 0, x)));
    const auto y = [](T& result, T value, double m, double s) {
      result = static_cast<T>(std::exp(value - m) / s);
    };
    for_each(y, view<T>(c.out()), view<const T>(x), max, sum);
  });
}

void softmax_gradient(const Call& c) {
  const DLTensor& y = c.out();
  const Axes axis = only(axis_attribute(c, 0, y));
  with_floating(y.dtype, [&]<class T>(Type<T>) {
    const auto dy = view<const T>(c.dout());
    const auto sum = repeat(workspace(c, 0.0, y, axis), y, axis);
    for_each([](double& s, double d, T value) { s += d * value; }, sum, dy, view<const T>(y));
    const auto dx = [](T& result, T d, T value, double s) { result = static_cast<T>(value * (d - s)); };
    for_each(dx, view<T>(c.din(0)), dy, view<const T>(y), sum);
  });
}

void log_softmax(const Call& c) {
  const DLTensor& x = c.in(0);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto [max, sum] = normalizer<T>(c, x, only(axis_attribute(c, 0, x)));
    const auto y = [](T& result, T value, double m, double s) {
      result = static_cast<T>(value - m - std::log(s));
    };
    for_each(y, view<T>(c.out()), view<const T>(x), max, sum);
  });
}

void log_softmax_gradient(const Call& c) {
  const DLTensor& y = c.out();
  const Axes axis = only(axis_attribute(c, 0, y));
  with_floating(y.dtype, [&]<class T>(Type<T>) {
    const auto dy = view<const T>(c.dout());
    const auto sum = repeat(workspace(c, 0.0, y, axis), y, axis);
    for_each([](double& s, T d) { s += d; }, sum, dy);
    const auto dx = [](T& result, T d, double value, double s) {
      result = static_cast<T>(d - std::exp(value) * s);
    };
    for_each(dx, view<T>(c.din(0)), dy, view<const T>(y), sum);
  });
}

PLUGRAD_KERNELS(softmax, softmax, softmax_gradient);
PLUGRAD_KERNELS(log_softmax, log_softmax, log_softmax_gradient);

}  // namespace
}  // namespace plugrad::reference

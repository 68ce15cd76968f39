// norm: of the elements along some axes, by the order p.
//
//   p           y                          dx
//   infinity    max |x|                    dy sign(x) / k for each of the k elements with |x| = y, else 0
//   -infinity   min |x|                    the same
//   0           how many are not 0         0
//   else        (sum |x|^p)^(1/p)          dy sign(x) (|x| / y)^(p-1), 0 where x or y is 0
#include <cmath>
#include <limits>

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The part of an element in a result, how parts are put together, and what is made of all of them.
double part(double x, double p) {
  if (std::isinf(p)) return std::abs(x);
  if (p == 0) return x != 0;
  return std::pow(std::abs(x), p);
}
void take(double& all, double part, double p) {
  if (p == infinity) all = exceeds(part, all) ? part : all;
  else if (p == -infinity) all = falls_below(part, all) ? part : all;
  else all += part;
}
double start(double p) { return p == -infinity ? infinity : 0; }
double result(double all, double p) { return std::isinf(p) || p == 0 ? all : std::pow(all, 1 / p); }

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

void norm(const Call& c) {
  const DLTensor& x = c.in(0);
  const double p = c.real(2);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto all = workspace(c, start(p), c.out());
    for_each([p](double& y, T value) { take(y, part(value, p), p); }, repeat(all, x, axes_attribute(c, 0, x)),
             view<const T>(x));
    for_each([p](double& y) { y = result(y, p); }, all);
    store<T>(c.out(), all);
  });
}

// Of the elements that have the largest, or the smallest, magnitude.
template <class T>
void extreme_gradient(const Call& c, Axes axes) {
  const DLTensor& x = c.in(0);
  const auto y = repeat(view<const T>(c.out()), x, axes), dy = repeat(view<const T>(c.dout()), x, axes);
  const auto count = repeat(workspace(c, 0.0, c.out()), x, axes);
  for_each([](double& k, T value, T best) { k += std::abs(value) == best; }, count, view<const T>(x), y);
  const auto share = [](T& dx, T value, T best, T d, double k) {
    dx = std::abs(value) == best ? static_cast<T>(sign(value) * d / k) : T(0);
  };
  for_each(share, view<T>(c.din(0)), view<const T>(x), y, dy, count);
}

template <class T>
void power_gradient(const Call& c, Axes axes, double p) {
  const DLTensor& x = c.in(0);
  const auto slope = [p](T& dx, double value, double y, double dy) {
    const bool none = value == 0 || y == 0 || p == 0;
    dx = none ? T(0) : static_cast<T>(dy * sign(value) * std::pow(std::abs(value) / y, p - 1));
  };
  for_each(slope, view<T>(c.din(0)), view<const T>(x), repeat(view<const T>(c.out()), x, axes),
           repeat(view<const T>(c.dout()), x, axes));
}

void norm_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    if (std::isinf(c.real(2))) extreme_gradient<T>(c, axes);
    else power_gradient<T>(c, axes, c.real(2));
  });
}

PLUGRAD_KERNELS(norm, norm, norm_gradient);

}  // namespace
}  // namespace plugrad::reference

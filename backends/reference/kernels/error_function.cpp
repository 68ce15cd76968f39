// The error function and its complement, element by element.
//
//   erf    y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x   dx = dy 2 / sqrt(pi) e^(-x^2)
//   erfc   y = 1 - erf x                                                 dx = -dy 2 / sqrt(pi) e^(-x^2)
#include <cmath>
#include <numbers>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void erf(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [](double x) { return std::erf(x); });
  });
}

void erfc(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [](double x) { return std::erfc(x); });
  });
}

void gradient(const Call& c, double sign) {
  const double factor = sign * 2 / std::sqrt(std::numbers::pi);
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)},
                 [factor](double dy, double x) { return dy * factor * std::exp(-x * x); });
  });
}
void erf_gradient(const Call& c) { gradient(c, 1); }
void erfc_gradient(const Call& c) { gradient(c, -1); }

PLUGRAD_KERNELS(erf, erf, erf_gradient);
PLUGRAD_KERNELS(erfc, erfc, erfc_gradient);

}  // namespace
}  // namespace plugrad::reference

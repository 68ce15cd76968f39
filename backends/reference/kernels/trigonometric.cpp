// Sine, cosine, tangent and sinc, element by element.
//
//   sin    y = sin x                  dx = dy cos x
//   cos    y = cos x                  dx = -dy sin x
//   tan    y = tan x                  dx = dy (1 + y^2)
//   sinc   y = sin(pi x) / (pi x)     dx = dy (cos(pi x) - y) / x; near 0 the Taylor series
#include <cmath>
#include <numbers>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void sin(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::sin(x); });
}

void sin_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy * std::cos(x); });
}

void cos(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::cos(x); });
}

void cos_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return -dy * std::sin(x); });
}

void tan(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::tan(x); });
}

void tan_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy * (1 + y * y); });
}

// sin(pi x) and cos(pi x). The remainders are exact, so zeros are, too.
double sin_pi(double x) {
  const double turn = std::remainder(x, 2.0);  // in [-1, 1]
  return std::sin(std::numbers::pi * (std::abs(turn) > 0.5 ? std::copysign(1.0, turn) - turn : turn));
}
double cos_pi(double x) { return std::cos(std::numbers::pi * std::remainder(x, 2.0)); }

void sinc(const Call& c) {
  const auto value = [](double x) { return x == 0 ? 1 : sin_pi(x) / (std::numbers::pi * x); };
  map_floating(c.out(), {c.in(0)}, value);
}

// The derivative of sinc(x), whose value is y. The terms of the series are those of sinc, which are (-1)^k
// (pi x)^2k / (2k + 1)!, times 2k / x.
double sinc_slope(double x, double y) {
  if (!(std::abs(x) < 0.5)) return (cos_pi(x) - y) / x;
  const double u = std::numbers::pi * x;
  double term = -std::numbers::pi * u / 6, sum = 2 * term;
  for (int k = 2; k <= 12; ++k) {
    term *= -u * u / (2 * k * (2 * k + 1));
    sum += 2 * k * term;
  }
  return sum;
}

void sinc_gradient(const Call& c) {
  const auto slope = [](double dy, double x, double y) { return dy * sinc_slope(x, y); };
  map_floating(c.din(0), {c.dout(), c.in(0), c.out()}, slope);
}

PLUGRAD_KERNELS(sin, sin, sin_gradient);
PLUGRAD_KERNELS(cos, cos, cos_gradient);
PLUGRAD_KERNELS(tan, tan, tan_gradient);
PLUGRAD_KERNELS(sinc, sinc, sinc_gradient);

}  // namespace
}  // namespace plugrad::reference

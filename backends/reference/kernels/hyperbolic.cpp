// Hyperbolic functions and their inverses, element by element.
//
//   sinh    y = sinh x      dx = dy cosh x
//   cosh    y = cosh x      dx = dy sinh x
//   asinh   y = arsinh x    dx = dy / sqrt(x^2 + 1)
//   acosh   y = arcosh x    dx = dy / (sqrt(x - 1) sqrt(x + 1))
//   atanh   y = artanh x    dx = dy / ((1 - x) (1 + x))
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void sinh(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::sinh(x); });
}

void sinh_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy * std::cosh(x); });
}

void cosh(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::cosh(x); });
}

void cosh_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy * std::sinh(x); });
}

void asinh(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::asinh(x); });
}

void asinh_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy / std::hypot(x, 1.0); });
}

void acosh(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::acosh(x); });
}

void acosh_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)},
               [](double dy, double x) { return dy / (std::sqrt(x - 1) * std::sqrt(x + 1)); });
}

void atanh(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::atanh(x); });
}

void atanh_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy / ((1 - x) * (1 + x)); });
}

PLUGRAD_KERNELS(sinh, sinh, sinh_gradient);
PLUGRAD_KERNELS(cosh, cosh, cosh_gradient);
PLUGRAD_KERNELS(asinh, asinh, asinh_gradient);
PLUGRAD_KERNELS(acosh, acosh, acosh_gradient);
PLUGRAD_KERNELS(atanh, atanh, atanh_gradient);

}  // namespace
}  // namespace plugrad::reference

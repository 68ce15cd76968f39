// Roots, element by element; hypot with broadcasting, its gradients in the output's shape.
//
//   sqrt    y = x^(1/2)          dx = dy / (2 y)
//   rsqrt   y = x^(-1/2)         dx = -dy y^3 / 2
//   cbrt    y = x^(1/3)          dx = dy / (3 y^2)
//   hypot   z = sqrt(x^2 + y^2)  dx = dz x / z, dy = dz y / z; 0 where z = 0
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void sqrt(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::sqrt(x); });
}

void sqrt_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy / (2 * y); });
}

void rsqrt(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return 1 / std::sqrt(x); });
}

void rsqrt_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return -0.5 * dy * y * y * y; });
}

void cbrt(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::cbrt(x); });
}

void cbrt_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy / (3 * y * y); });
}

void hypot(const Call& c) {
  map_floating(c.out(), {c.in(0), c.in(1)}, [](double x, double y) { return std::hypot(x, y); });
}

void hypot_gradient(const Call& c) {
  const auto slope = [](double dz, double x, double z) { return z == 0 ? 0 : dz * (x / z); };
  for (int i : {0, 1})
    if (c.wants(i)) map_floating(c.din(i), {c.dout(), c.in(i), c.out()}, slope);
}

PLUGRAD_KERNELS(sqrt, sqrt, sqrt_gradient);
PLUGRAD_KERNELS(rsqrt, rsqrt, rsqrt_gradient);
PLUGRAD_KERNELS(cbrt, cbrt, cbrt_gradient);
PLUGRAD_KERNELS(hypot, hypot, hypot_gradient);

}  // namespace
}  // namespace plugrad::reference

// Inverse trigonometric functions, element by element; atan2 with broadcasting, its gradients in the output's
// shape.
//
//   asin    y = arcsin x                 dx = dy / sqrt((1 - x) (1 + x))
//   acos    y = arccos x                 dx = -dy / sqrt((1 - x) (1 + x))
//   atan    y = arctan x                 dx = dy / (1 + x^2)
//   atan2   z = the angle of (x, y)      dy = dz x / r^2, dx = -dz y / r^2, with r = sqrt(x^2 + y^2)
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void asin(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::asin(x); });
}

void asin_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)},
               [](double dy, double x) { return dy / std::sqrt((1 - x) * (1 + x)); });
}

void acos(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::acos(x); });
}

void acos_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)},
               [](double dy, double x) { return -dy / std::sqrt((1 - x) * (1 + x)); });
}

void atan(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::atan(x); });
}

void atan_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy / (1 + x * x); });
}

void atan2(const Call& c) {
  map_floating(c.out(), {c.in(0), c.in(1)}, [](double y, double x) { return std::atan2(y, x); });
}

void atan2_gradient(const Call& c) {
  const auto slope = [](double dz, double other, double self) {
    const double r = std::hypot(self, other);
    return dz * (other / r) / r;
  };
  if (c.wants(0)) map_floating(c.din(0), {c.dout(), c.in(1), c.in(0)}, slope);
  if (c.wants(1))
    map_floating(c.din(1), {c.dout(), c.in(0), c.in(1)},
                 [&](double dz, double y, double x) { return -slope(dz, y, x); });
}

PLUGRAD_KERNELS(asin, asin, asin_gradient);
PLUGRAD_KERNELS(acos, acos, acos_gradient);
PLUGRAD_KERNELS(atan, atan, atan_gradient);
PLUGRAD_KERNELS(atan2, atan2, atan2_gradient);

}  // namespace
}  // namespace plugrad::reference

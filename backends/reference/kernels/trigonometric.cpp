// Sine and cosine, element by element.
//
//   sin   y = sin x   dx = dy cos x
//   cos   y = cos x   dx = -dy sin x
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void sin(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [](double x) { return std::sin(x); });
  });
}

void sin_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy * std::cos(x); });
  });
}

void cos(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [](double x) { return std::cos(x); });
  });
}

void cos_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return -dy * std::sin(x); });
  });
}

PLUGRAD_KERNELS(sin, sin, sin_gradient);
PLUGRAD_KERNELS(cos, cos, cos_gradient);

}  // namespace
}  // namespace plugrad::reference

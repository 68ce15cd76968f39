// Division rounded down and what it leaves, Python's // and %, element by element, with broadcasting.
//
//   floor_divide   z = floor(x / y)   (locally constant)
//   remainder      z = x - y q        dx = dz, dy = -dz q, with q = floor(x / y)
//
// Integers divided by zero give 0, and the quotient that does not fit wraps around, as NumPy has it.
#include <cmath>

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

struct FloorDivide {
  double operator()(double x, double y) const {
    if (y == 0) return x / y;
    const double rest = std::fmod(x, y);
    const double quotient = std::rint((x - rest) / y);
    const bool above = rest != 0 && std::signbit(rest) != std::signbit(y);
    const double z = above ? quotient - 1 : quotient;
    return z == 0 ? std::copysign(0, x / y) : z;
  }
  template <class T>
    requires std::is_integral_v<T>
  T operator()(T x, T y) const {
    if (y == 0) return 0;
    if (y == -1) return static_cast<T>(-Modular<T>(x));
    const bool above = x % y != 0 && (x < 0) != (y < 0);
    return static_cast<T>(x / y - above);
  }
};

struct Remainder {
  double operator()(double x, double y) const {
    const double rest = std::fmod(x, y);
    if (rest == 0) return std::copysign(0, y);
    return !std::isnan(rest) && std::signbit(rest) != std::signbit(y) ? rest + y : rest;
  }
  template <class T>
    requires std::is_integral_v<T>
  T operator()(T x, T y) const {
    if (y == 0 || y == -1) return 0;
    const T rest = x % y;
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
  }
};

template <class F>
void divide(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) { map<T, T, T>(c.out(), {c.in(0), c.in(1)}, F{}); });
}

void remainder_gradient(const Call& c) {
  if (c.wants(0)) map_floating(c.din(0), {c.dout()}, [](double dz) { return dz; });
  if (c.wants(1)) {
    const auto slope = [](double dz, double x, double y) { return -dz * FloorDivide{}(x, y); };
    map_floating(c.din(1), {c.dout(), c.in(0), c.in(1)}, slope);
  }
}

PLUGRAD_FORWARD(floor_divide, divide<FloorDivide>);
PLUGRAD_KERNELS(remainder, divide<Remainder>, remainder_gradient);

}  // namespace
}  // namespace plugrad::reference

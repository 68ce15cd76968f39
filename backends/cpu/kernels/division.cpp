// floor_divide and remainder, elementwise and broadcasting, as Python has // and %.
//   floor_divide: z = floor(x / y)      remainder: z = x - y q; dx = dz, dy = -dz q, q = floor(x / y)
// Integers divided by zero give 0. C's rests are exact, which those by a rounded quotient are not.
#include <cmath>
#include <type_traits>

#include "plugrad/backends/cpu/scalar_loops.h"

namespace plugrad::cpu {
namespace {

using plugin::Call;

// C rounds to 0: if the rest has not y's sign, it is to move by y, and the quotient by one.
template <class T>
bool of_other_sign(T rest, T y) {
  return rest != 0 && (rest < 0) != (y < 0) && rest == rest;
}

struct FloorDivide {
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T x, T y) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (y == 0) return x / y;
      const T rest = std::fmod(x, y), whole = std::nearbyint((x - rest) / y);
      const T z = of_other_sign(rest, y) ? whole - 1 : whole;
      return z == 0 ? std::copysign(T{0}, x / y) : z;
    } else {
      if (y == 0) return 0;
      if (y == -1) return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x));  // x / y may not fit
      return x / y - (of_other_sign(x % y, y) ? 1 : 0);
    }
  }
};
struct Remainder {
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T x, T y) const {
    if constexpr (std::is_floating_point_v<T>) {
      const T rest = std::fmod(x, y);
      if (rest == 0) return std::copysign(rest, y);
      return of_other_sign(rest, y) ? rest + y : rest;
    } else {
      if (y == 0 || y == -1) return 0;
      const T rest = x % y;
      return of_other_sign(rest, y) ? rest + y : rest;
    }
  }
};
struct RemainderGradient {  // of y
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T dz, T x, T y) const {
    return -dz * FloorDivide{}(x, y);
  }
};
struct PassOn {
  template <class T>
  T operator()(T dz) const {
    return dz;
  }
};

void floor_divide(const Call& c) { map_scalars_numbers(c, FloorDivide{}, c.out(), c.in(0), c.in(1)); }
void remainder(const Call& c) { map_scalars_numbers(c, Remainder{}, c.out(), c.in(0), c.in(1)); }
void remainder_gradient(const Call& c) {
  if (c.wants(0)) map_scalars_floating(c, PassOn{}, c.din(0), c.dout());
  if (c.wants(1)) map_scalars_floating(c, RemainderGradient{}, c.din(1), c.dout(), c.in(0), c.in(1));
}

PLUGRAD_FORWARD(floor_divide, floor_divide);
PLUGRAD_KERNELS(remainder, remainder, remainder_gradient);

}  // namespace
}  // namespace plugrad::cpu

// Division rounded down and what it leaves, Python's // and %, element by element, with broadcasting.
//
//   floor_divide   z = floor(x / y)   (locally constant)
//   remainder      z = x - y q        dx = dz, dy = -dz q, with q = floor(x / y)
//
// Integers divided by zero give 0, and the quotient that does not fit wraps around, as NumPy has it.
#include <type_traits>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

// C rounds to 0: if the rest has not y's sign, it is to move by y, and the quotient by one.
template <class T>
__device__ bool of_other_sign(T rest, T y) {
  return rest != 0 && (rest < 0) != (y < 0) && rest == rest;
}

struct FloorDivide {
  template <class T>
  __device__ T operator()(T x, T y) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (y == 0) return x / y;
      const T rest = ::fmod(x, y), whole = ::rint((x - rest) / y);
      const T z = of_other_sign(rest, y) ? whole - 1 : whole;
      return z == 0 ? ::copysign(T{0}, x / y) : z;
    } else {
      if (y == 0) return 0;
      if (y == -1) return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x));  // x / y may not fit
      return x / y - (of_other_sign(x % y, y) ? 1 : 0);
    }
  }
};
struct Remainder {
  template <class T>
  __device__ T operator()(T x, T y) const {
    if constexpr (std::is_floating_point_v<T>) {
      const T rest = ::fmod(x, y);
      if (rest == 0) return ::copysign(rest, y);
      return of_other_sign(rest, y) ? rest + y : rest;
    } else {
      if (y == 0 || y == -1) return 0;
      const T rest = x % y;
      return of_other_sign(rest, y) ? rest + y : rest;
    }
  }
};
struct RemainderGradient {  // of y
  template <class T>
  __device__ T operator()(T dz, T x, T y) const {
    return -dz * FloorDivide{}(x, y);
  }
};

void floor_divide(const Call& c) { map_numbers(c, FloorDivide{}, c.out(), c.in(0), c.in(1)); }
void remainder(const Call& c) { map_numbers(c, Remainder{}, c.out(), c.in(0), c.in(1)); }
void remainder_gradient(const Call& c) {
  if (c.wants(0)) map_floating(c, Identity{}, c.din(0), c.dout());
  if (c.wants(1)) map_floating(c, RemainderGradient{}, c.din(1), c.dout(), c.in(0), c.in(1));
}

PLUGRAD_FORWARD(floor_divide, floor_divide);
PLUGRAD_KERNELS(remainder, remainder, remainder_gradient);

}  // namespace
}  // namespace plugrad::cuda

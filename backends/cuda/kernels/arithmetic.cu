// Arithmetic, element by element, with broadcasting; integers wrap around.
//
//   add, sub             z = x + y, x - y     (gradients: compositions)
//   mul                  z = x y              dx = dz y, dy = dz x
//   div                  z = x / y            dx = dz / y, dy = -dz z / y
//   maximum, minimum     z = x or y           dz to the one taken; half to each where they are equal
//   pow                  z = x^y              dx = dz y x^(y-1), 0 where y = 0
//                                             dy = dz z ln x, 0 where x = 0 and y >= 0
//   neg                  y = -x               (gradient: a composition)
//   abs                  y = |x|              dx = dy sign x
//   square               y = x^2              dx = 2 x dy
//   reciprocal           y = 1 / x            dx = -dy y^2
//   sign                 y = -1, 0 or 1       (locally constant)
//   axpy                 y = y + alpha x      (in place, without a gradient)
#include <type_traits>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

// The type to calculate in: signed integers would be undefined where they overflow.
template <class T>
struct ModularOf {
  using type = T;
};
template <>
struct ModularOf<int32_t> {
  using type = uint32_t;
};
template <>
struct ModularOf<int64_t> {
  using type = uint64_t;
};
template <class T>
using Modular = typename ModularOf<T>::type;

struct Add {
  template <class T>
  __device__ T operator()(T x, T y) const {
    return static_cast<T>(static_cast<Modular<T>>(x) + static_cast<Modular<T>>(y));
  }
};
struct Sub {
  template <class T>
  __device__ T operator()(T x, T y) const {
    return static_cast<T>(static_cast<Modular<T>>(x) - static_cast<Modular<T>>(y));
  }
};
struct Mul {
  template <class T>
  __device__ T operator()(T x, T y) const {
    return static_cast<T>(static_cast<Modular<T>>(x) * static_cast<Modular<T>>(y));
  }
};
struct Div {
  template <class T>
  __device__ T operator()(T x, T y) const {
    return x / y;
  }
};
struct DivGradient {  // of y
  template <class T>
  __device__ T operator()(T dz, T y, T z) const {
    return -dz * z / y;
  }
};

// Whether x is taken rather than y, if they are not equal; NaN is taken before any number. Which extremum it
// is about is a member, so that one kernel serves both.
struct Extremum {
  bool largest;
  template <class T>
  __device__ bool wins(T x, T y) const {
    return y == y && !(largest ? x <= y : x >= y);
  }
  template <class T>
  __device__ T operator()(T x, T y) const {
    return wins(x, y) ? x : y;
  }
};
struct ExtremumGradient {  // of x
  Extremum extremum;
  template <class T>
  __device__ T operator()(T dz, T x, T y) const {
    if (extremum.wins(x, y)) return dz;
    return extremum.wins(y, x) ? T{0} : dz / 2;
  }
};

struct Pow {
  template <class T>
  __device__ T operator()(T x, T y) const {
    return ::pow(x, y);
  }
};
struct PowGradientX {
  template <class T>
  __device__ T operator()(T dz, T x, T y) const {
    return y == T{0} ? T{0} : dz * y * ::pow(x, y - T{1});
  }
};
struct PowGradientY {
  template <class T>
  __device__ T operator()(T dz, T x, T y, T z) const {
    return x == T{0} && y >= T{0} ? T{0} : dz * z * ::log(x);
  }
};

struct Neg {
  template <class T>
  __device__ T operator()(T x) const {
    return static_cast<T>(-static_cast<Modular<T>>(x));
  }
};
struct Abs {
  template <class T>
  __device__ T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>) return ::fabs(x);
    else return x < T{0} ? Neg{}(x) : x;
  }
};
struct Sign {
  template <class T>
  __device__ T operator()(T x) const {
    if (x > T{0}) return T{1};
    return x < T{0} ? T{-1} : x;  // keeps 0 and NaN
  }
};
struct AbsGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy * Sign{}(x);
  }
};
struct Square {
  template <class T>
  __device__ T operator()(T x) const {
    return Mul{}(x, x);
  }
};
struct SquareGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return (x + x) * dy;
  }
};
struct Reciprocal {
  template <class T>
  __device__ T operator()(T x) const {
    return T{1} / x;
  }
};
struct ReciprocalGradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return -dy * y * y;
  }
};
template <class T>
struct Axpy {
  T alpha;
  __device__ T operator()(T y, T x) const { return y + alpha * x; }
};

void add(const Call& c) { map_numbers(c, Add{}, c.out(), c.in(0), c.in(1)); }
void sub(const Call& c) { map_numbers(c, Sub{}, c.out(), c.in(0), c.in(1)); }
void mul(const Call& c) { map_numbers(c, Mul{}, c.out(), c.in(0), c.in(1)); }
void mul_gradient(const Call& c) {
  if (c.wants(0)) map_floating(c, Mul{}, c.din(0), c.dout(), c.in(1));
  if (c.wants(1)) map_floating(c, Mul{}, c.din(1), c.dout(), c.in(0));
}
void div(const Call& c) { map_floating(c, Div{}, c.out(), c.in(0), c.in(1)); }
void div_gradient(const Call& c) {
  if (c.wants(0)) map_floating(c, Div{}, c.din(0), c.dout(), c.in(1));
  if (c.wants(1)) map_floating(c, DivGradient{}, c.din(1), c.dout(), c.in(1), c.out());
}

constexpr Extremum larger{true}, smaller{false};
void extremum_gradient(const Call& c, Extremum which) {
  const ExtremumGradient gradient{which};
  if (c.wants(0)) map_floating(c, gradient, c.din(0), c.dout(), c.in(0), c.in(1));
  if (c.wants(1)) map_floating(c, gradient, c.din(1), c.dout(), c.in(1), c.in(0));
}
void maximum(const Call& c) { map_numbers(c, larger, c.out(), c.in(0), c.in(1)); }
void maximum_gradient(const Call& c) { extremum_gradient(c, larger); }
void minimum(const Call& c) { map_numbers(c, smaller, c.out(), c.in(0), c.in(1)); }
void minimum_gradient(const Call& c) { extremum_gradient(c, smaller); }

void pow(const Call& c) { map_floating(c, Pow{}, c.out(), c.in(0), c.in(1)); }
void pow_gradient(const Call& c) {
  if (c.wants(0)) map_floating(c, PowGradientX{}, c.din(0), c.dout(), c.in(0), c.in(1));
  if (c.wants(1)) map_floating(c, PowGradientY{}, c.din(1), c.dout(), c.in(0), c.in(1), c.out());
}

void neg(const Call& c) { map_numbers(c, Neg{}, c.out(), c.in(0)); }
void abs(const Call& c) { map_numbers(c, Abs{}, c.out(), c.in(0)); }
void abs_gradient(const Call& c) { map_floating(c, AbsGradient{}, c.din(0), c.dout(), c.in(0)); }
void square(const Call& c) { map_numbers(c, Square{}, c.out(), c.in(0)); }
void square_gradient(const Call& c) { map_floating(c, SquareGradient{}, c.din(0), c.dout(), c.in(0)); }
void reciprocal(const Call& c) { map_floating(c, Reciprocal{}, c.out(), c.in(0)); }
void reciprocal_gradient(const Call& c) {
  map_floating(c, ReciprocalGradient{}, c.din(0), c.dout(), c.out());
}
void sign(const Call& c) { map_numbers(c, Sign{}, c.out(), c.in(0)); }
void axpy(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c, Axpy<T>{static_cast<T>(c.real(0))}, c.out(), c.in(0), c.in(1));
  });
}

PLUGRAD_FORWARD(add, add);
PLUGRAD_FORWARD(sub, sub);
PLUGRAD_KERNELS(mul, mul, mul_gradient);
PLUGRAD_KERNELS(div, div, div_gradient);
PLUGRAD_KERNELS(maximum, maximum, maximum_gradient);
PLUGRAD_KERNELS(minimum, minimum, minimum_gradient);
PLUGRAD_KERNELS(pow, pow, pow_gradient);
PLUGRAD_FORWARD(neg, neg);
PLUGRAD_KERNELS(abs, abs, abs_gradient);
PLUGRAD_KERNELS(square, square, square_gradient);
PLUGRAD_KERNELS(reciprocal, reciprocal, reciprocal_gradient);
PLUGRAD_FORWARD(sign, sign);
PLUGRAD_FORWARD(axpy, axpy);

}  // namespace
}  // namespace plugrad::cuda

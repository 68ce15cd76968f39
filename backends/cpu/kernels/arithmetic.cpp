// add, sub, mul, div, maximum, minimum, neg, abs, square, sign, reciprocal, pow and axpy, elementwise
// and broadcasting.
//   mul: z = x y;  dx = dz y, dy = dz x          div: z = x / y;  dx = dz / y, dy = -dz z / y
//   maximum, minimum: dz to the operand that was taken, half to each of two equal ones
//   pow: z = x^y;  dx = dz y x^(y-1), 0 where y = 0;  dy = dz z log(x), 0 where x = 0 and y >= 0
//   abs: dx = dy sign(x)      square: dx = 2 x dy      reciprocal: y = 1 / x; dx = -dy y^2
//   axpy: y + alpha x, into y
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/arithmetic.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

struct Add {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V y) const {
    return hn::Add(x, y);
  }
};
struct Sub {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V y) const {
    return hn::Sub(x, y);
  }
};
struct Mul {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V y) const {
    return hn::Mul(x, y);
  }
};
struct Div {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V y) const {
    return hn::Div(x, y);
  }
};
struct DivGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V dz, V y, V z) const {
    return hn::Neg(hn::Div(hn::Mul(dz, z), y));
  }
};

struct Maximum {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y) const {
    return math::maximum(d, x, y);
  }
};
struct Minimum {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y) const {
    return math::minimum(d, x, y);
  }
};
template <bool Larger>
struct ExtremumGradient {  // of x
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dz, V x, V y) const {
    const auto x_wins = math::wins<Larger>(d, x, y), y_wins = math::wins<Larger>(d, y, x);
    const V half = hn::Mul(dz, hn::Set(d, static_cast<hn::TFromD<D>>(0.5)));
    return hn::IfThenElse(hn::Xor(x_wins, y_wins), hn::IfThenElseZero(x_wins, dz), half);
  }
};

struct Neg {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Neg(x);
  }
};
struct Abs {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Abs(x);
  }
};
struct Square {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Mul(x, x);
  }
};
struct SquareGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V dy, V x) const {
    return hn::Mul(hn::Add(x, x), dy);
  }
};
struct Sign {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V y = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Set(d, T{-1}), x);  // keeps 0 and NaN
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Set(d, T{1}), y);
  }
};
struct AbsGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Mul(dy, Sign()(d, x));
  }
};
struct Reciprocal {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(hn::Set(d, hn::TFromD<D>{1}), x);
  }
};
struct ReciprocalGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V dy, V y) const {
    return hn::Neg(hn::Mul(hn::Mul(dy, y), y));
  }
};
struct Axpy {
  double alpha;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V y, V x) const {
    return hn::MulAdd(hn::Set(d, static_cast<hn::TFromD<D>>(alpha)), x, y);
  }
};

// Highway has no pow.
struct Pow {
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T x, T y) const {
    return std::pow(x, y);
  }
};
struct PowGradientX {
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T dz, T x, T y) const {
    return y == 0 ? T{0} : dz * y * std::pow(x, y - 1);
  }
};
struct PowGradientY {
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T dz, T x, T y, T z) const {
    return x == 0 && y >= 0 ? T{0} : dz * z * std::log(x);
  }
};

template <bool Larger>
void extremum_gradient(const Call& c) {
  if (c.wants(0)) map_floating(c, ExtremumGradient<Larger>{}, c.din(0), c.dout(), c.in(0), c.in(1));
  if (c.wants(1)) map_floating(c, ExtremumGradient<Larger>{}, c.din(1), c.dout(), c.in(1), c.in(0));
}

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
void maximum(const Call& c) { map_numbers(c, Maximum{}, c.out(), c.in(0), c.in(1)); }
void maximum_gradient(const Call& c) { extremum_gradient<true>(c); }
void minimum(const Call& c) { map_numbers(c, Minimum{}, c.out(), c.in(0), c.in(1)); }
void minimum_gradient(const Call& c) { extremum_gradient<false>(c); }

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
void axpy(const Call& c) { map_floating(c, Axpy{c.real(0)}, c.out(), c.in(0), c.in(1)); }

void pow(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    PlainMap<T, T, T>::run(c, Pow{}, c.out(), c.in(0), c.in(1));
  });
}
void pow_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    if (c.wants(0)) PlainMap<T, T, T, T>::run(c, PowGradientX{}, c.din(0), c.dout(), c.in(0), c.in(1));
    if (c.wants(1))
      PlainMap<T, T, T, T, T>::run(c, PowGradientY{}, c.din(1), c.dout(), c.in(0), c.in(1), c.out());
  });
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_FORWARD(add);
PLUGRAD_CPU_FORWARD(sub);
PLUGRAD_CPU_KERNELS(mul);
PLUGRAD_CPU_KERNELS(div);
PLUGRAD_CPU_KERNELS(maximum);
PLUGRAD_CPU_KERNELS(minimum);
PLUGRAD_CPU_FORWARD(neg);
PLUGRAD_CPU_KERNELS(abs);
PLUGRAD_CPU_KERNELS(square);
PLUGRAD_CPU_KERNELS(reciprocal);
PLUGRAD_CPU_FORWARD(sign);
PLUGRAD_CPU_FORWARD(axpy);
PLUGRAD_CPU_KERNELS(pow);
}  // namespace plugrad::cpu
#endif

// sinh, cosh and their inverses and that of tanh, elementwise.
//   sinh: dx = dy cosh(x)      cosh: dx = dy sinh(x)      asinh: dx = dy / sqrt(x^2 + 1)
//   acosh: dx = dy / (sqrt(x - 1) sqrt(x + 1))      atanh: dx = dy / ((1 - x) (1 + x))
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/hyperbolic.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <limits>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// By u = e^|x/2|, which overflows only where the results do: sinh |x| = (u - 1/u) (u + 1/u) / 2.
template <class D, class V>
HWY_INLINE V sinh_of(D d, V x) {
  using T = hn::TFromD<D>;
  const V half = hn::Set(d, static_cast<T>(0.5)), one = hn::Set(d, T{1});
  const V t = math::expm1(d, hn::Mul(hn::Abs(x), half)), u = hn::Add(t, one), inverse = hn::Div(one, u);
  const V y = hn::Mul(hn::Mul(t, hn::Add(one, inverse)), hn::Mul(half, hn::Add(u, inverse)));
  return hn::CopySign(y, x);
}
template <class D, class V>
HWY_INLINE V cosh_of(D d, V x) {
  const V half = hn::Set(d, static_cast<hn::TFromD<D>>(0.5));
  const V u = math::exp(d, hn::Mul(hn::Abs(x), half));
  return hn::MulAdd(hn::Mul(half, u), u, hn::Div(half, hn::Mul(u, u)));
}

struct Sinh {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return sinh_of(d, x);
  }
};

struct SinhGradient {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Mul(dy, cosh_of(d, x));
  }
};

struct Cosh {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return cosh_of(d, x);
  }
};

struct CoshGradient {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Mul(dy, sinh_of(d, x));
  }
};

// Highway's inverses take infinity for a number, and acosh takes numbers below -1.
template <class D, class V>
HWY_INLINE auto is_finite(D d, V x) {
  return hn::Lt(hn::Abs(x), hn::Set(d, std::numeric_limits<hn::TFromD<D>>::infinity()));
}
struct Asinh {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElse(is_finite(d, x), hn::Asinh(d, x), x);
  }
};

struct AsinhGradient {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Div(dy, math::hypot(d, x, hn::Set(d, hn::TFromD<D>{1})));
  }
};

struct Acosh {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V y = hn::IfThenElse(is_finite(d, x), hn::Acosh(d, x), x);
    return hn::IfThenElse(hn::Lt(x, hn::Set(d, T{1})), hn::Set(d, std::numeric_limits<T>::quiet_NaN()), y);
  }
};

struct AcoshGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    const V one = hn::Set(d, hn::TFromD<D>{1});
    return hn::Div(dy, hn::Mul(hn::Sqrt(hn::Sub(x, one)), hn::Sqrt(hn::Add(x, one))));
  }
};

struct Atanh {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V a = hn::Abs(x), ratio = hn::Div(hn::Add(a, a), hn::Sub(hn::Set(d, T{1}), a));
    return hn::CopySign(hn::Mul(math::log1p(d, ratio), hn::Set(d, static_cast<T>(0.5))), x);
  }
};

struct AtanhGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    const V one = hn::Set(d, hn::TFromD<D>{1});
    return hn::Div(dy, hn::Mul(hn::Sub(one, x), hn::Add(one, x)));
  }
};

void sinh(const Call& c) { map_floating(c, Sinh{}, c.out(), c.in(0)); }
void sinh_gradient(const Call& c) { map_floating(c, SinhGradient{}, c.din(0), c.dout(), c.in(0)); }
void cosh(const Call& c) { map_floating(c, Cosh{}, c.out(), c.in(0)); }
void cosh_gradient(const Call& c) { map_floating(c, CoshGradient{}, c.din(0), c.dout(), c.in(0)); }
void asinh(const Call& c) { map_floating(c, Asinh{}, c.out(), c.in(0)); }
void asinh_gradient(const Call& c) { map_floating(c, AsinhGradient{}, c.din(0), c.dout(), c.in(0)); }
void acosh(const Call& c) { map_floating(c, Acosh{}, c.out(), c.in(0)); }
void acosh_gradient(const Call& c) { map_floating(c, AcoshGradient{}, c.din(0), c.dout(), c.in(0)); }
void atanh(const Call& c) { map_floating(c, Atanh{}, c.out(), c.in(0)); }
void atanh_gradient(const Call& c) { map_floating(c, AtanhGradient{}, c.din(0), c.dout(), c.in(0)); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(sinh);
PLUGRAD_CPU_KERNELS(cosh);
PLUGRAD_CPU_KERNELS(asinh);
PLUGRAD_CPU_KERNELS(acosh);
PLUGRAD_CPU_KERNELS(atanh);
}  // namespace plugrad::cpu
#endif

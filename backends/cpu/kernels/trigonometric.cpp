// sin, cos, tan and sinc, elementwise.
//   sin: dx = dy cos(x)      cos: dx = -dy sin(x)      tan: dx = dy (1 + y^2)
//   sinc: y = sin(pi x) / (pi x), 1 at 0; dx = dy (cos(pi x) - y) / x, near 0 by its series
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/trigonometric.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <numbers>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

using std::numbers::pi;

struct Sin {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::sin(d, x);
  }
};

struct SinGradient {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Mul(dy, math::cos(d, x));
  }
};

struct Cos {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::cos(d, x);
  }
};

struct CosGradient {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Neg(hn::Mul(dy, math::sin(d, x)));
  }
};

struct Tan {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(math::sin(d, x), math::cos(d, x));
  }
};

struct TanGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V dy, V y) const {
    return hn::MulAdd(dy, hn::Mul(y, y), dy);
  }
};

// sin(pi x) and cos(pi x) are those of pi part, negated for odd whole, where x = whole + part, exactly, and
// |part| <= 1/2.
template <class D, class V>
struct HalfTurns {
  V part;
  decltype(hn::Eq(V(), V())) odd;
  HWY_INLINE HalfTurns(D d, V x) {
    const V whole = hn::Round(x), half = hn::Mul(whole, hn::Set(d, static_cast<hn::TFromD<D>>(0.5)));
    part = hn::Sub(x, whole);
    odd = hn::Ne(hn::Round(half), half);
  }
  HWY_INLINE V angle(D d) const { return hn::Mul(part, hn::Set(d, static_cast<hn::TFromD<D>>(pi))); }
  HWY_INLINE V turned(V y) const { return hn::IfThenElse(odd, hn::Neg(y), y); }
};

struct Sinc {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const HalfTurns<D, V> turns(d, x);
    const V sine = turns.turned(hn::Sin(d, turns.angle(d)));
    const V y = hn::Div(sine, hn::Mul(x, hn::Set(d, static_cast<hn::TFromD<D>>(pi))));
    return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Set(d, hn::TFromD<D>{1}), y);
  }
};

struct SincGradient {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x, V y) const {
    const HalfTurns<D, V> turns(d, x);
    const V cosine = turns.turned(hn::Cos(d, turns.angle(d)));
    const auto near = hn::Lt(hn::Abs(x), hn::Set(d, static_cast<hn::TFromD<D>>(0.5)));
    return hn::Mul(dy, hn::IfThenElse(near, series(d, x), hn::Div(hn::Sub(cosine, y), x)));
  }
  // -pi^2 x/3 (1 - t/10 (1 - t/28 (1 - ...))), t = (pi x)^2: a term is the one before times -t / (2k (2k +
  // 3)).
  template <class D, class V>
  static HWY_INLINE V series(D d, V x) {
    using T = hn::TFromD<D>;
    const V one = hn::Set(d, T{1}), x2 = hn::Mul(x, x);
    V sum = one;
    for (int k = sizeof(T) == 4 ? 5 : 10; k > 0; --k)
      sum = hn::NegMulAdd(hn::Mul(x2, hn::Set(d, static_cast<T>(pi * pi / (2 * k * (2 * k + 3))))), sum, one);
    return hn::Mul(hn::Mul(x, hn::Set(d, static_cast<T>(-pi * pi / 3))), sum);
  }
};

void sin(const Call& c) { map_floating(c, Sin{}, c.out(), c.in(0)); }
void sin_gradient(const Call& c) { map_floating(c, SinGradient{}, c.din(0), c.dout(), c.in(0)); }
void cos(const Call& c) { map_floating(c, Cos{}, c.out(), c.in(0)); }
void cos_gradient(const Call& c) { map_floating(c, CosGradient{}, c.din(0), c.dout(), c.in(0)); }
void tan(const Call& c) { map_floating(c, Tan{}, c.out(), c.in(0)); }
void tan_gradient(const Call& c) { map_floating(c, TanGradient{}, c.din(0), c.dout(), c.out()); }
void sinc(const Call& c) { map_floating(c, Sinc{}, c.out(), c.in(0)); }
void sinc_gradient(const Call& c) { map_floating(c, SincGradient{}, c.din(0), c.dout(), c.in(0), c.out()); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(sin);
PLUGRAD_CPU_KERNELS(cos);
PLUGRAD_CPU_KERNELS(tan);
PLUGRAD_CPU_KERNELS(sinc);
}  // namespace plugrad::cpu
#endif

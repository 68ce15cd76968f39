// asin, acos, atan and atan2, elementwise, the last one broadcasting.
//   asin: dx = dy / sqrt((1 - x) (1 + x))      acos: its negative      atan: dx = dy / (1 + x^2)
//   atan2: z = the angle of (x, y); dy = dz x / (x^2 + y^2), dx = -dz y / (x^2 + y^2)
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/inverse_trigonometric.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <limits>
#include <numbers>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

using std::numbers::pi;

struct Asin {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Asin(d, x);
  }
};

struct Acos {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Acos(d, x);
  }
};

struct AsinGradient {  // of acos with the other sign
  double sign;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    const V one = hn::Set(d, hn::TFromD<D>{1});
    const V root = hn::Sqrt(hn::Mul(hn::Sub(one, x), hn::Add(one, x)));
    return hn::Div(hn::Mul(dy, hn::Set(d, static_cast<hn::TFromD<D>>(sign))), root);
  }
};

struct Atan {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Atan(d, x);
  }
};

struct AtanGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Div(dy, hn::MulAdd(x, x, hn::Set(d, hn::TFromD<D>{1})));
  }
};

// The angle in the first half of the first quadrant, reflected to where (x, y) is.
struct Atan2 {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V y, V x) const {
    using T = hn::TFromD<D>;
    const V right = hn::Set(d, static_cast<T>(pi / 2)), straight = hn::Set(d, static_cast<T>(pi));
    const V a = hn::Abs(x), b = hn::Abs(y), larger = hn::Max(a, b);
    V ratio = hn::Div(hn::Min(a, b), larger);
    ratio = hn::IfThenZeroElse(hn::Eq(larger, hn::Zero(d)), ratio);
    const auto both_infinite =
        hn::And(hn::Eq(a, b), hn::Eq(a, hn::Set(d, std::numeric_limits<T>::infinity())));
    V angle = hn::Atan(d, hn::IfThenElse(both_infinite, hn::Set(d, T{1}), ratio));
    angle = hn::IfThenElse(hn::Gt(b, a), hn::Sub(right, angle), angle);
    const auto left = hn::Lt(hn::CopySign(right, x), hn::Zero(d));  // also where x is -0
    angle = hn::CopySign(hn::IfThenElse(left, hn::Sub(straight, angle), angle), y);
    return hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::IsNaN(y)), hn::Add(x, y), angle);
  }
};
// other / (self^2 + other^2) without these squares, which might overflow.
struct Atan2Gradient {
  double sign;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dz, V other, V self) const {
    const auto other_larger = hn::Gt(hn::Abs(other), hn::Abs(self));
    const V larger = hn::IfThenElse(other_larger, other, self);
    const V ratio = hn::Div(hn::IfThenElse(other_larger, self, other), larger);
    const V one = hn::Set(d, hn::TFromD<D>{1});
    const V scaled = hn::Mul(
        dz, hn::Mul(hn::Set(d, static_cast<hn::TFromD<D>>(sign)), hn::IfThenElse(other_larger, one, ratio)));
    return hn::Div(hn::Div(scaled, hn::MulAdd(ratio, ratio, one)), larger);
  }
};

void asin(const Call& c) { map_floating(c, Asin{}, c.out(), c.in(0)); }
void asin_gradient(const Call& c) { map_floating(c, AsinGradient{1}, c.din(0), c.dout(), c.in(0)); }
void acos(const Call& c) { map_floating(c, Acos{}, c.out(), c.in(0)); }
void acos_gradient(const Call& c) { map_floating(c, AsinGradient{-1}, c.din(0), c.dout(), c.in(0)); }
void atan(const Call& c) { map_floating(c, Atan{}, c.out(), c.in(0)); }
void atan_gradient(const Call& c) { map_floating(c, AtanGradient{}, c.din(0), c.dout(), c.in(0)); }
void atan2(const Call& c) { map_floating(c, Atan2{}, c.out(), c.in(0), c.in(1)); }
void atan2_gradient(const Call& c) {
  if (c.wants(0)) map_floating(c, Atan2Gradient{1}, c.din(0), c.dout(), c.in(1), c.in(0));
  if (c.wants(1)) map_floating(c, Atan2Gradient{-1}, c.din(1), c.dout(), c.in(0), c.in(1));
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(asin);
PLUGRAD_CPU_KERNELS(acos);
PLUGRAD_CPU_KERNELS(atan);
PLUGRAD_CPU_KERNELS(atan2);
}  // namespace plugrad::cpu
#endif

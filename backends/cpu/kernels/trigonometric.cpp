// sin and cos, elementwise.   sin: dx = dy cos(x)   cos: dx = -dy sin(x)
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/trigonometric.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

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

void sin(const Call& c) { map_floating(c, Sin{}, c.out(), c.in(0)); }
void sin_gradient(const Call& c) { map_floating(c, SinGradient{}, c.din(0), c.dout(), c.in(0)); }
void cos(const Call& c) { map_floating(c, Cos{}, c.out(), c.in(0)); }
void cos_gradient(const Call& c) { map_floating(c, CosGradient{}, c.din(0), c.dout(), c.in(0)); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(sin);
PLUGRAD_CPU_KERNELS(cos);
}  // namespace plugrad::cpu
#endif

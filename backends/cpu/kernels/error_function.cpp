// erf and erfc, elementwise.   erf: dx = dy 2 / sqrt(pi) e^(-x^2)   erfc: dx = -dy 2 / sqrt(pi) e^(-x^2)
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/error_function.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/erf-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

struct Erf {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::erf(d, x);
  }
};
struct Erfc {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::erfc(d, x);
  }
};
struct ErfGradient {
  static constexpr bool heavy = true;
  double factor;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    const V slope = hn::Mul(hn::Set(d, static_cast<hn::TFromD<D>>(factor)), math::exp_minus_square(d, x, 1));
    return hn::Mul(dy, slope);
  }
};
constexpr double two_over_root_pi = 1.12837916709551257390;

void erf(const Call& c) { map_floating(c, Erf{}, c.out(), c.in(0)); }
void erf_gradient(const Call& c) {
  map_floating(c, ErfGradient{two_over_root_pi}, c.din(0), c.dout(), c.in(0));
}
void erfc(const Call& c) { map_floating(c, Erfc{}, c.out(), c.in(0)); }
void erfc_gradient(const Call& c) {
  map_floating(c, ErfGradient{-two_over_root_pi}, c.din(0), c.dout(), c.in(0));
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(erf);
PLUGRAD_CPU_KERNELS(erfc);
}  // namespace plugrad::cpu
#endif

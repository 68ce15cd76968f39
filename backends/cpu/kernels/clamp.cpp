// clamp, elementwise.   y = low where x < low, high where x > high, else x; dx = dy where low <= x <= high,
// else 0
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/clamp.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <limits>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// Bounds beyond the integers bound none.
template <class T>
T bound_as(double x) {
  using Limits = std::numeric_limits<T>;
  if (std::is_integral_v<T> && x <= static_cast<double>(Limits::lowest())) return Limits::lowest();
  if (std::is_integral_v<T> && x >= static_cast<double>(Limits::max())) return Limits::max();
  return static_cast<T>(x);
}
struct Clamp {
  double low, high;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V least = hn::Set(d, bound_as<T>(low)), most = hn::Set(d, bound_as<T>(high));
    return hn::IfThenElse(hn::Gt(x, most), most, hn::IfThenElse(hn::Lt(x, least), least, x));  // keeps NaN
  }
};
struct ClampGradient {
  double low, high;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    using T = hn::TFromD<D>;
    const V least = hn::Set(d, bound_as<T>(low)), most = hn::Set(d, bound_as<T>(high));
    return hn::IfThenElseZero(hn::And(hn::Ge(x, least), hn::Le(x, most)), dy);
  }
};

void clamp(const Call& c) { map_numbers(c, Clamp{c.real(0), c.real(1)}, c.out(), c.in(0)); }
void clamp_gradient(const Call& c) {
  map_floating(c, ClampGradient{c.real(0), c.real(1)}, c.din(0), c.dout(), c.in(0));
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(clamp);
}  // namespace plugrad::cpu
#endif

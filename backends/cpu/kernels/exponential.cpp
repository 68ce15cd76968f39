// exp, log and sqrt, elementwise.   exp: y = e^x; dx = dy y   log: dx = dy / x   sqrt: y = sqrt(x); dx = dy /
// (2 y)
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/exponential.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

struct Exp {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::exp(d, x);
  }
};
struct ExpGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V dy, V y) const {
    return hn::Mul(dy, y);
  }
};
struct Log {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::log(d, x);
  }
};
struct LogGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V dy, V x) const {
    return hn::Div(dy, x);
  }
};
struct Sqrt {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Sqrt(x);
  }
};
struct SqrtGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V dy, V y) const {
    return hn::Div(dy, hn::Add(y, y));
  }
};

void exp(const Call& c) { map_floating(c, Exp{}, c.out(), c.in(0)); }
void exp_gradient(const Call& c) { map_floating(c, ExpGradient{}, c.din(0), c.dout(), c.out()); }
void log(const Call& c) { map_floating(c, Log{}, c.out(), c.in(0)); }
void log_gradient(const Call& c) { map_floating(c, LogGradient{}, c.din(0), c.dout(), c.in(0)); }
void sqrt(const Call& c) { map_floating(c, Sqrt{}, c.out(), c.in(0)); }
void sqrt_gradient(const Call& c) { map_floating(c, SqrtGradient{}, c.din(0), c.dout(), c.out()); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(exp);
PLUGRAD_CPU_KERNELS(log);
PLUGRAD_CPU_KERNELS(sqrt);
}  // namespace plugrad::cpu
#endif

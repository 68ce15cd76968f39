// relu, sigmoid and tanh, elementwise.
//   relu: y = max(x, 0); dx = dy where y > 0, else 0
//   sigmoid: y = 1 / (1 + e^-x); dx = dy y (1 - y)      tanh: dx = dy (1 - y^2)
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/activation.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

struct Relu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V zero = hn::Zero(d);
    if constexpr (hwy::IsFloat<hn::TFromD<D>>()) return hn::IfThenZeroElse(hn::Le(x, zero), x);  // keeps NaN
    else return hn::Max(x, zero);
  }
};
struct ReluGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V y) const {
    return hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), dy);
  }
};
struct Sigmoid {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::sigmoid(d, x);
  }
};
struct SigmoidGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V y) const {
    return hn::Mul(dy, hn::Mul(y, hn::Sub(hn::Set(d, hn::TFromD<D>{1}), y)));
  }
};
struct Tanh {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::tanh(d, x);
  }
};
struct TanhGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V y) const {
    const V one = hn::Set(d, hn::TFromD<D>{1});
    return hn::Mul(dy,
                   hn::Mul(hn::Sub(one, y), hn::Add(one, y)));  // loses less than 1 - y^2 where |y| is near 1
  }
};

void relu(const Call& c) { map_numbers(c, Relu{}, c.out(), c.in(0)); }
void relu_gradient(const Call& c) { map_floating(c, ReluGradient{}, c.din(0), c.dout(), c.out()); }
void sigmoid(const Call& c) { map_floating(c, Sigmoid{}, c.out(), c.in(0)); }
void sigmoid_gradient(const Call& c) { map_floating(c, SigmoidGradient{}, c.din(0), c.dout(), c.out()); }
void tanh(const Call& c) { map_floating(c, Tanh{}, c.out(), c.in(0)); }
void tanh_gradient(const Call& c) { map_floating(c, TanhGradient{}, c.din(0), c.dout(), c.out()); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(relu);
PLUGRAD_CPU_KERNELS(sigmoid);
PLUGRAD_CPU_KERNELS(tanh);
}  // namespace plugrad::cpu
#endif

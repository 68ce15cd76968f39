// Activation functions that multiply x by a gate, elementwise: y = x g(x), dx = dy (g(x) + x g'(x)).
//   gelu, exact: g = P, the normal distribution; g' = e^(-x^2/2) / sqrt(2 pi)
//   gelu, tanh: g = sigmoid(v), v = 2 sqrt(2/pi) (x + 0.044715 x^3); g' = sigmoid(v) sigmoid(-v) v'
//   silu: g = sigmoid(x); g' = sigmoid(x) sigmoid(-x)
//   mish: g = tanh(log(1 + n)) with n = e^x, which is n (n + 2) / (n (n + 2) + 2); g' = 4 n (n + 1) / (n (n +
//   2) + 2)^2
//   hardswish: g = min(max(x + 3, 0), 6) / 6; g' = 1/6 where |x| < 3, else 0
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/gated_activation.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/erf-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

template <class D>
HWY_INLINE hn::Vec<D> constant(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}

// A gate and its derivative; which of the two is not used is not computed.
template <class V>
struct Gate {
  V value, slope;
};

template <class GateOf>
struct Gated {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, GateOf{}(d, x).value);
  }
};
template <class GateOf>
struct GatedGradient {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    const Gate<V> gate = GateOf{}(d, x);
    return hn::Mul(dy, hn::MulAdd(x, gate.slope, gate.value));
  }
};

struct NormalGate {
  template <class D, class V>
  HWY_INLINE Gate<V> operator()(D d, V x) const {
    const V e = math::exp_minus_square(d, x, 0.5);
    return {math::normal_distribution(d, x, e), hn::Mul(e, constant(d, 0.39894228040143267794))};
  }
};

// The sigmoid of v, a function of x with the derivative dv. Of both sides one has e^-|v| on top.
template <class D, class V>
HWY_INLINE Gate<V> sigmoid_gate(D d, V v, V dv) {
  const V one = constant(d, 1), e = math::exp(d, hn::Neg(hn::Abs(v)));
  const V large = hn::Div(one, hn::Add(one, e)), small = hn::Mul(e, large);
  return {hn::IfThenElse(hn::Lt(v, hn::Zero(d)), small, large), hn::Mul(hn::Mul(small, large), dv)};
}
struct SigmoidGate {
  template <class D, class V>
  HWY_INLINE Gate<V> operator()(D d, V x) const {
    return sigmoid_gate(d, x, constant(d, 1));
  }
};
struct TanhGate {
  static constexpr double slope = 1.59576912160573071176, cubic = 0.044715;
  template <class D, class V>
  HWY_INLINE Gate<V> operator()(D d, V x) const {
    const V one = constant(d, 1), x_slope = hn::Mul(constant(d, slope), x), x2 = hn::Mul(x, x);
    const V v = hn::Mul(x_slope, hn::MulAdd(constant(d, cubic), x2, one));
    return sigmoid_gate(d, v, hn::Mul(constant(d, slope), hn::MulAdd(constant(d, 3 * cubic), x2, one)));
  }
};

// With w = e^-|x|: over and under the fraction by w^2 where x is positive, so that nothing overflows.
struct SoftplusGate {
  template <class D, class V>
  HWY_INLINE Gate<V> operator()(D d, V x) const {
    const V one = constant(d, 1), two = constant(d, 2), four = constant(d, 4);
    const V w = math::exp(d, hn::Neg(hn::Abs(x)));
    const auto negative = hn::Lt(x, hn::Zero(d));
    const V over = hn::IfThenElse(negative, hn::Mul(w, hn::Add(w, two)), hn::MulAdd(two, w, one));
    const V under = hn::MulAdd(two, hn::IfThenElse(negative, one, hn::Mul(w, w)), over);
    const V bend = hn::Mul(hn::Mul(four, hn::MulAdd(w, w, w)), hn::IfThenElse(negative, one, w));
    return {hn::Div(over, under), hn::Div(bend, hn::Mul(under, under))};
  }
};

struct LinearGate {
  template <class D, class V>
  HWY_INLINE Gate<V> operator()(D d, V x) const {
    const V three = constant(d, 3), six = constant(d, 6);
    const V value = math::minimum(d, math::maximum(d, hn::Add(x, three), hn::Zero(d)), six);
    return {hn::Div(value, six), hn::IfThenElseZero(hn::Lt(hn::Abs(x), three), constant(d, 1. / 6))};
  }
};

template <class GateOf>
HWY_INLINE void apply(const Call& c) {
  map_floating(c, Gated<GateOf>{}, c.out(), c.in(0));
}
template <class GateOf>
HWY_INLINE void apply_gradient(const Call& c) {
  map_floating(c, GatedGradient<GateOf>{}, c.din(0), c.dout(), c.in(0));
}

bool is_exact(const Call& c) { return c.integer(0) == 0; }
void gelu(const Call& c) {
  if (is_exact(c)) apply<NormalGate>(c);
  else apply<TanhGate>(c);
}
void gelu_gradient(const Call& c) {
  if (is_exact(c)) apply_gradient<NormalGate>(c);
  else apply_gradient<TanhGate>(c);
}
void silu(const Call& c) { apply<SigmoidGate>(c); }
void silu_gradient(const Call& c) { apply_gradient<SigmoidGate>(c); }
void mish(const Call& c) { apply<SoftplusGate>(c); }
void mish_gradient(const Call& c) { apply_gradient<SoftplusGate>(c); }
void hardswish(const Call& c) { apply<LinearGate>(c); }
void hardswish_gradient(const Call& c) { apply_gradient<LinearGate>(c); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(gelu);
PLUGRAD_CPU_KERNELS(silu);
PLUGRAD_CPU_KERNELS(mish);
PLUGRAD_CPU_KERNELS(hardswish);
}  // namespace plugrad::cpu
#endif

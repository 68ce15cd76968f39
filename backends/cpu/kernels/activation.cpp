// Activation functions that bend or squash x, elementwise.
//   relu: y = max(x, 0); dx = dy where y > 0, else 0     leaky_relu: y = x where x > 0, else slope x
//   elu: y = x where x > 0, else a (e^x - 1); dx = dy where x > 0, else dy a e^x     selu: elu, scaled
//   sigmoid: y = 1 / (1 + e^-x); dx = dy y (1 - y)      tanh: dx = dy (1 - y^2)
//   hardsigmoid: y = min(max(x + 3, 0), 6) / 6; dx = dy / 6 where |x| < 3, else 0
//   log_sigmoid: y = -log(1 + e^-x); dx = dy sigmoid(-x)
//   softplus: y = log(1 + e^x); dx = dy sigmoid(x)
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/activation.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// A constant of x's type.
template <class D>
HWY_INLINE hn::Vec<D> constant(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}

// ---- rectifiers ----

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

struct LeakyReluGradient {
  double slope;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), dy, hn::Mul(constant(d, slope), dy));
  }
};
struct LeakyRelu {
  double slope;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return LeakyReluGradient{slope}(d, x, x);
  }
};

// elu and selu differ in the two factors.
struct Elu {
  static constexpr bool heavy = true;
  double above, below;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V bent = hn::Mul(constant(d, below), hn::Expm1(d, x));  // valid for any negative x
    return hn::IfThenElse(hn::Le(x, hn::Zero(d)), bent, hn::Mul(constant(d, above), x));
  }
};
struct EluGradient {
  static constexpr bool heavy = true;
  double above, below;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    const V bent = hn::Mul(constant(d, below), math::exp(d, x));
    return hn::Mul(dy, hn::IfThenElse(hn::Le(x, hn::Zero(d)), bent, constant(d, above)));
  }
};
constexpr double selu_scale = 1.05070098735548049342, selu_below = selu_scale * 1.67326324235437728481;

// ---- sigmoids ----

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
    return hn::Mul(dy, hn::Mul(y, hn::Sub(constant(d, 1), y)));
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
    const V one = constant(d, 1);
    return hn::Mul(dy,
                   hn::Mul(hn::Sub(one, y), hn::Add(one, y)));  // loses less than 1 - y^2 where |y| is near 1
  }
};

struct Hardsigmoid {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V above_0 = math::maximum(d, hn::Add(x, constant(d, 3)), hn::Zero(d));
    return hn::Div(math::minimum(d, above_0, constant(d, 6)), constant(d, 6));
  }
};
struct HardsigmoidGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::IfThenElseZero(hn::Lt(hn::Abs(x), constant(d, 3)), hn::Div(dy, constant(d, 6)));
  }
};

// log(1 + e^x), times -1 of -x where `negated`: that is log_sigmoid. The exponential is at most 1, where
// Highway's log1p is valid; NaN goes through by the other term.
template <bool negated>
struct Softplus {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V bend = hn::Log1p(d, math::exp(d, hn::Neg(hn::Abs(x))));
    const V zero = hn::Zero(d);
    if constexpr (negated) return hn::Sub(hn::IfThenZeroElse(hn::Ge(x, zero), x), bend);
    else return hn::Add(hn::IfThenZeroElse(hn::Le(x, zero), x), bend);
  }
};
template <bool negated>
struct SoftplusGradient {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Mul(dy, math::sigmoid(d, negated ? hn::Neg(x) : x));
  }
};

void relu(const Call& c) { map_numbers(c, Relu{}, c.out(), c.in(0)); }
void relu_gradient(const Call& c) { map_floating(c, ReluGradient{}, c.din(0), c.dout(), c.out()); }
void leaky_relu(const Call& c) { map_floating(c, LeakyRelu{c.real(0)}, c.out(), c.in(0)); }
void leaky_relu_gradient(const Call& c) {
  map_floating(c, LeakyReluGradient{c.real(0)}, c.din(0), c.dout(), c.in(0));
}
void elu(const Call& c) { map_floating(c, Elu{1, c.real(0)}, c.out(), c.in(0)); }
void elu_gradient(const Call& c) { map_floating(c, EluGradient{1, c.real(0)}, c.din(0), c.dout(), c.in(0)); }
void selu(const Call& c) { map_floating(c, Elu{selu_scale, selu_below}, c.out(), c.in(0)); }
void selu_gradient(const Call& c) {
  map_floating(c, EluGradient{selu_scale, selu_below}, c.din(0), c.dout(), c.in(0));
}
void sigmoid(const Call& c) { map_floating(c, Sigmoid{}, c.out(), c.in(0)); }
void sigmoid_gradient(const Call& c) { map_floating(c, SigmoidGradient{}, c.din(0), c.dout(), c.out()); }
void tanh(const Call& c) { map_floating(c, Tanh{}, c.out(), c.in(0)); }
void tanh_gradient(const Call& c) { map_floating(c, TanhGradient{}, c.din(0), c.dout(), c.out()); }
void hardsigmoid(const Call& c) { map_floating(c, Hardsigmoid{}, c.out(), c.in(0)); }
void hardsigmoid_gradient(const Call& c) {
  map_floating(c, HardsigmoidGradient{}, c.din(0), c.dout(), c.in(0));
}
void log_sigmoid(const Call& c) { map_floating(c, Softplus<true>{}, c.out(), c.in(0)); }
void log_sigmoid_gradient(const Call& c) {
  map_floating(c, SoftplusGradient<true>{}, c.din(0), c.dout(), c.in(0));
}
void softplus(const Call& c) { map_floating(c, Softplus<false>{}, c.out(), c.in(0)); }
void softplus_gradient(const Call& c) {
  map_floating(c, SoftplusGradient<false>{}, c.din(0), c.dout(), c.in(0));
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(relu);
PLUGRAD_CPU_KERNELS(leaky_relu);
PLUGRAD_CPU_KERNELS(elu);
PLUGRAD_CPU_KERNELS(selu);
PLUGRAD_CPU_KERNELS(sigmoid);
PLUGRAD_CPU_KERNELS(tanh);
PLUGRAD_CPU_KERNELS(hardsigmoid);
PLUGRAD_CPU_KERNELS(log_sigmoid);
PLUGRAD_CPU_KERNELS(softplus);
}  // namespace plugrad::cpu
#endif

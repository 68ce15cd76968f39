// sqrt, rsqrt, cbrt and hypot, elementwise, the last one broadcasting.
//   sqrt: dx = dy / (2 y)      rsqrt: y = 1 / sqrt(x); dx = -dy y^3 / 2      cbrt: dx = dy / (3 y^2)
//   hypot: z = sqrt(x^2 + y^2); dx = dz x / z, dy = dz y / z, 0 where z = 0
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/roots.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

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

struct Rsqrt {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(hn::Set(d, hn::TFromD<D>{1}), hn::Sqrt(x));
  }
};

struct RsqrtGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V y) const {
    const V half = hn::Set(d, static_cast<hn::TFromD<D>>(-0.5));
    return hn::Mul(hn::Mul(hn::Mul(dy, half), y), hn::Mul(y, y));
  }
};

// Highway has none.
struct Cbrt {
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T x) const {
    return std::cbrt(x);
  }
};

struct CbrtGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V y) const {
    return hn::Div(dy, hn::Mul(hn::Set(d, hn::TFromD<D>{3}), hn::Mul(y, y)));
  }
};

struct Hypot {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y) const {
    return math::hypot(d, x, y);
  }
};

struct HypotGradient {  // of x
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dz, V x, V z) const {
    return hn::IfThenZeroElse(hn::Eq(z, hn::Zero(d)), hn::Mul(dz, hn::Div(x, z)));
  }
};

void sqrt(const Call& c) { map_floating(c, Sqrt{}, c.out(), c.in(0)); }
void sqrt_gradient(const Call& c) { map_floating(c, SqrtGradient{}, c.din(0), c.dout(), c.out()); }
void rsqrt(const Call& c) { map_floating(c, Rsqrt{}, c.out(), c.in(0)); }
void rsqrt_gradient(const Call& c) { map_floating(c, RsqrtGradient{}, c.din(0), c.dout(), c.out()); }
void cbrt(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    PlainMap<T, T>::run(c, Cbrt{}, c.out(), c.in(0));
  });
}
void cbrt_gradient(const Call& c) { map_floating(c, CbrtGradient{}, c.din(0), c.dout(), c.out()); }
void hypot(const Call& c) { map_floating(c, Hypot{}, c.out(), c.in(0), c.in(1)); }
void hypot_gradient(const Call& c) {
  for (int i : {0, 1})
    if (c.wants(i)) map_floating(c, HypotGradient{}, c.din(i), c.dout(), c.in(i), c.out());
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(sqrt);
PLUGRAD_CPU_KERNELS(rsqrt);
PLUGRAD_CPU_KERNELS(cbrt);
PLUGRAD_CPU_KERNELS(hypot);
}  // namespace plugrad::cpu
#endif

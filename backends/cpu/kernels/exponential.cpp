// exp, exp2, exp10 and expm1, elementwise.
//   exp, exp2, exp10: y = b^x; dx = dy y ln b      expm1: y = e^x - 1; dx = dy (y + 1)
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/exponential.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <numbers>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

using std::numbers::ln2, std::numbers::ln10;

// y 2^n, for whole n from twice the least exponent of a number to the largest, and y near 1: in two steps,
// since 2^n may be no number.
template <class D, class V>
HWY_INLINE V scale(D d, V y, V n) {
  using T = hn::TFromD<D>;
  constexpr int mantissa_bits = sizeof(T) == 4 ? 23 : 52, bias = sizeof(T) == 4 ? 127 : 1023;
  const hn::RebindToSigned<D> di;
  // Added to a small whole number, 1.5 2^mantissa_bits brings it into the lowest bits.
  const V shift = hn::Set(d, static_cast<T>(int64_t{3} << (mantissa_bits - 1)));
  const auto power_of_2 = [&](V k) HWY_ATTR {
    const auto exponent = hn::BitCast(di, hn::Add(k, hn::Add(shift, hn::Set(d, T{bias}))));
    return hn::BitCast(d, hn::ShiftLeft<mantissa_bits>(exponent));
  };
  const V half = hn::Round(hn::Mul(n, hn::Set(d, static_cast<T>(0.5))));
  return hn::Mul(hn::Mul(y, power_of_2(half)), power_of_2(hn::Sub(n, half)));
}

// b^x = 2^n b^(x - n log_b 2), with whole n. log_b 2 comes in two parts, so that n times the first is exact.
template <class T>
struct Base {
  T log_2_of_b, log_b_of_2, rest_of_log_b_of_2, ln_b;
  T lowest, highest;  // beyond these powers are 0 and infinite
};
template <class T>
constexpr Base<T> base_2 = {
    1, 1, 0, static_cast<T>(ln2), sizeof(T) == 4 ? -151 : -1076, sizeof(T) == 4 ? 128 : 1024};
template <class T>
constexpr Base<T> base_10 = {static_cast<T>(ln10 / ln2),   math::log_10_of_2<T>,
                             math::rest_of_log_10_of_2<T>, static_cast<T>(ln10),
                             sizeof(T) == 4 ? -46 : -324,  sizeof(T) == 4 ? 39 : 309};

template <class D, class V, class T>
HWY_INLINE V power(D d, V x, const Base<T>& b) {
  const V inside = hn::Min(hn::Max(x, hn::Set(d, b.lowest)), hn::Set(d, b.highest));
  const V n = hn::Round(hn::Mul(inside, hn::Set(d, b.log_2_of_b)));
  V rest = hn::NegMulAdd(n, hn::Set(d, b.log_b_of_2), inside);
  rest = hn::NegMulAdd(n, hn::Set(d, b.rest_of_log_b_of_2), rest);
  const V y = scale(d, hn::Exp(d, hn::Mul(rest, hn::Set(d, b.ln_b))), n);
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

struct Exp {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::exp(d, x);
  }
};

struct Exp2 {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return power(d, x, base_2<hn::TFromD<D>>);
  }
};

struct Exp10 {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return power(d, x, base_10<hn::TFromD<D>>);
  }
};

struct PowerGradient {
  double ln_b;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V y) const {
    return hn::Mul(hn::Mul(dy, y), hn::Set(d, static_cast<hn::TFromD<D>>(ln_b)));
  }
};

struct Expm1 {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::expm1(d, x);
  }
};

struct Expm1Gradient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V dy, V y) const {
    return hn::MulAdd(dy, y, dy);
  }
};

void exp(const Call& c) { map_floating(c, Exp{}, c.out(), c.in(0)); }
void exp_gradient(const Call& c) { map_floating(c, PowerGradient{1}, c.din(0), c.dout(), c.out()); }
void exp2(const Call& c) { map_floating(c, Exp2{}, c.out(), c.in(0)); }
void exp2_gradient(const Call& c) { map_floating(c, PowerGradient{ln2}, c.din(0), c.dout(), c.out()); }
void exp10(const Call& c) { map_floating(c, Exp10{}, c.out(), c.in(0)); }
void exp10_gradient(const Call& c) { map_floating(c, PowerGradient{ln10}, c.din(0), c.dout(), c.out()); }
void expm1(const Call& c) { map_floating(c, Expm1{}, c.out(), c.in(0)); }
void expm1_gradient(const Call& c) { map_floating(c, Expm1Gradient{}, c.din(0), c.dout(), c.out()); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(exp);
PLUGRAD_CPU_KERNELS(exp2);
PLUGRAD_CPU_KERNELS(exp10);
PLUGRAD_CPU_KERNELS(expm1);
}  // namespace plugrad::cpu
#endif

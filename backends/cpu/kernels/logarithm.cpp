// log, log2, log10 and log1p, elementwise.
//   log, log2, log10: y = log_b x; dx = dy / (x ln b)      log1p: y = ln(1 + x); dx = dy / (1 + x)
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/logarithm.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <limits>
#include <numbers>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

using std::numbers::ln2, std::numbers::ln10;

// x = 2^exponent mantissa, with the mantissa between sqrt(1/2) and sqrt(2), for positive numbers x.
template <class V>
struct Parts {
  V exponent, mantissa;
};
template <class D, class V>
HWY_INLINE Parts<V> parts_of(D d, V x) {
  using T = hn::TFromD<D>;
  constexpr int mantissa_bits = sizeof(T) == 4 ? 23 : 52;
  const hn::RebindToSigned<D> di;
  const auto subnormal = hn::Lt(x, hn::Set(d, std::numeric_limits<T>::min()));
  x = hn::IfThenElse(subnormal, hn::Mul(x, hn::Set(d, static_cast<T>(int64_t{1} << mantissa_bits))), x);
  const auto bits = hn::BitCast(di, x);
  const auto root = hn::BitCast(di, hn::Set(d, static_cast<T>(std::numbers::sqrt2 / 2)));
  const auto exponent = hn::ShiftRight<mantissa_bits>(hn::Sub(bits, root));
  const V mantissa = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<mantissa_bits>(exponent)));
  const V correction = hn::IfThenElseZero(subnormal, hn::Set(d, static_cast<T>(mantissa_bits)));
  return {hn::Sub(hn::ConvertTo(d, exponent), correction), mantissa};
}

struct Log {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::log(d, x);
  }
};

struct Log2 {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const Parts<V> p = parts_of(d, x);  // powers of 2 have whole logarithms
    const V y =
        hn::MulAdd(hn::Log(d, p.mantissa), hn::Set(d, static_cast<hn::TFromD<D>>(1 / ln2)), p.exponent);
    return math::within_log_domain(d, x, y);
  }
};

struct Log10 {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const Parts<V> p = parts_of(d, x);
    V y = hn::Mul(hn::Log(d, p.mantissa), hn::Set(d, static_cast<T>(1 / ln10)));
    y = hn::MulAdd(p.exponent, hn::Set(d, math::rest_of_log_10_of_2<T>), y);
    y = hn::MulAdd(p.exponent, hn::Set(d, math::log_10_of_2<T>), y);
    return math::within_log_domain(d, x, y);
  }
};

struct LogGradient {
  double ln_b;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Div(dy, hn::Mul(x, hn::Set(d, static_cast<hn::TFromD<D>>(ln_b))));
  }
};

struct Log1p {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return math::log1p(d, x);
  }
};

struct Log1pGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    return hn::Div(dy, hn::Add(hn::Set(d, hn::TFromD<D>{1}), x));
  }
};

void log(const Call& c) { map_floating(c, Log{}, c.out(), c.in(0)); }
void log_gradient(const Call& c) { map_floating(c, LogGradient{1}, c.din(0), c.dout(), c.in(0)); }
void log2(const Call& c) { map_floating(c, Log2{}, c.out(), c.in(0)); }
void log2_gradient(const Call& c) { map_floating(c, LogGradient{ln2}, c.din(0), c.dout(), c.in(0)); }
void log10(const Call& c) { map_floating(c, Log10{}, c.out(), c.in(0)); }
void log10_gradient(const Call& c) { map_floating(c, LogGradient{ln10}, c.din(0), c.dout(), c.in(0)); }
void log1p(const Call& c) { map_floating(c, Log1p{}, c.out(), c.in(0)); }
void log1p_gradient(const Call& c) { map_floating(c, Log1pGradient{}, c.din(0), c.dout(), c.in(0)); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(log);
PLUGRAD_CPU_KERNELS(log2);
PLUGRAD_CPU_KERNELS(log10);
PLUGRAD_CPU_KERNELS(log1p);
}  // namespace plugrad::cpu
#endif

// exp, expm1, log, log1p, hypot, sin, cos, tanh and sigmoid of Highway vectors for every argument, within 4
// ulp: contrib/math where it is valid, and what std:: gives elsewhere. Infinities, NaN, zeros and subnormals
// are as in C.
#if defined(PLUGRAD_BACKENDS_CPU_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BACKENDS_CPU_MATH_INL_H_
#undef PLUGRAD_BACKENDS_CPU_MATH_INL_H_
#else
#define PLUGRAD_BACKENDS_CPU_MATH_INL_H_
#endif

#include <cmath>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE::math {
namespace hn = hwy::HWY_NAMESPACE;

// log_10 2 in two parts, of which the first has so few digits that an exponent times it is exact.
template <class T>
constexpr T log_10_of_2 = static_cast<T>(sizeof(T) == 4 ? 0x1.344p-2 : 0x1.34413509f7p-2);
template <class T>
constexpr T rest_of_log_10_of_2 =
    static_cast<T>(sizeof(T) == 4 ? 0x1.3509f79fef312p-18 : 0x1.3fde623e2566bp-43);

// Where does x win over y, of which the larger is wanted, or the smaller? NaN wins.
template <bool Larger, class D, class V>
HWY_INLINE auto wins(D, V x, V y) {
  const auto beyond = Larger ? hn::Gt(x, y) : hn::Lt(x, y);
  if constexpr (hwy::IsFloat<hn::TFromD<D>>()) return hn::Or(beyond, hn::IsNaN(x));
  else return beyond;
}
template <class D, class V>
HWY_INLINE V maximum(D d, V x, V y) {
  return hn::IfThenElse(wins<true>(d, x, y), x, y);
}
template <class D, class V>
HWY_INLINE V minimum(D d, V x, V y) {
  return hn::IfThenElse(wins<false>(d, x, y), x, y);
}

// Beyond this, Highway's sine and cosine lose digits when they reduce their argument.
template <class T>
constexpr T trigonometric_limit = 39000;

// Highway's exp wants an argument that is not much larger than where it overflows, and makes 0 of NaN.
template <class T>
constexpr T exp_overflows = sizeof(T) == 4 ? 89 : 710;

template <class D, class V>
HWY_INLINE V exp(D d, V x) {
  const V overflows = hn::Set(d, exp_overflows<hn::TFromD<D>>);
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, hn::Min(x, overflows)));
}

template <class D, class V>
HWY_INLINE V expm1(D d, V x) {
  const V y = hn::Expm1(d, hn::Min(x, hn::Set(d, exp_overflows<hn::TFromD<D>>)));
  return hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::Eq(x, hn::Zero(d))), x, y);  // keeps the sign of zero
}

// `y`, a logarithm of x, where 0 < x < infinity, and the logarithm's limits and NaN elsewhere.
template <class D, class V>
HWY_INLINE V within_log_domain(D d, V x, V y) {
  using T = hn::TFromD<D>;
  const V infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  const V nan = hn::Set(d, std::numeric_limits<T>::quiet_NaN());
  y = hn::IfThenElse(hn::Lt(x, infinity), y, x);  // also for NaN
  y = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), nan, y);
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity), y);
}

template <class D, class V>
HWY_INLINE V log(D d, V x) {
  return within_log_domain(d, x, hn::Log(d, x));
}

template <class D, class V>
HWY_INLINE V log1p(D d, V x) {
  const V one_more = hn::Add(x, hn::Set(d, hn::TFromD<D>{1}));
  return within_log_domain(d, one_more, hn::Log1p(d, x));
}

// max sqrt(1 + (min / max)^2) neither overflows nor underflows. An infinity counts more than NaN, as in C.
template <class D, class V>
HWY_INLINE V hypot(D d, V x, V y) {
  using T = hn::TFromD<D>;
  const V a = hn::Abs(x), b = hn::Abs(y), infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  const V larger = hn::Max(a, b), ratio = hn::Div(hn::Min(a, b), larger);
  V z = hn::Mul(larger, hn::Sqrt(hn::MulAdd(ratio, ratio, hn::Set(d, T{1}))));
  z = hn::IfThenElse(hn::Eq(larger, hn::Zero(d)), larger, z);
  z = hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::IsNaN(y)), hn::Add(x, y), z);
  return hn::IfThenElse(hn::Or(hn::Eq(a, infinity), hn::Eq(b, infinity)), infinity, z);
}

template <class D, class V>
HWY_INLINE V tanh(D d, V x) {
  return hn::Tanh(d, x);
}

// e^-|x| neither overflows nor loses what is left of sigmoid(x) far below 0.
template <class D, class V>
HWY_INLINE V sigmoid(D d, V x) {
  using T = hn::TFromD<D>;
  const V one = hn::Set(d, T{1});
  const V e = exp(d, hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

// `y` where |x| is within the range of the vector sine and cosine, and f(x) elsewhere, also for infinity and
// NaN.
template <class D, class V, class F>
HWY_NOINLINE V replace_large(D d, V x, V y, F f) {
  using T = hn::TFromD<D>;
  HWY_ALIGN T in[hn::MaxLanes(d)], out[hn::MaxLanes(d)];
  hn::Store(x, d, in);
  hn::Store(y, d, out);
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    if (!(std::abs(in[i]) <= trigonometric_limit<T>)) out[i] = f(in[i]);
  return hn::Load(d, out);
}

template <class D, class V>
HWY_INLINE bool within_limit(D d, V x) {
  return hn::AllTrue(d, hn::Le(hn::Abs(x), hn::Set(d, trigonometric_limit<hn::TFromD<D>>)));
}

// Rounding errors of the polynomial may lead beyond 1.
template <class D, class V>
HWY_INLINE V within_one(D d, V y) {
  const V one = hn::Set(d, hn::TFromD<D>{1});
  return hn::Max(hn::Min(y, one), hn::Neg(one));
}

template <class D, class V>
HWY_INLINE V sin(D d, V x) {
  const V y =
      hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, within_one(d, hn::Sin(d, x)));  // keeps the sign of zero
  if (HWY_LIKELY(within_limit(d, x))) return y;
  return replace_large(d, x, y, [](hn::TFromD<D> v) { return std::sin(v); });
}

template <class D, class V>
HWY_INLINE V cos(D d, V x) {
  const V y = within_one(d, hn::Cos(d, x));
  if (HWY_LIKELY(within_limit(d, x))) return y;
  return replace_large(d, x, y, [](hn::TFromD<D> v) { return std::cos(v); });
}

}  // namespace plugrad::cpu::HWY_NAMESPACE::math
HWY_AFTER_NAMESPACE();

#endif

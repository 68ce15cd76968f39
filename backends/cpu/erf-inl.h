// erf, erfc and the normal distribution of Highway vectors for every argument, within a few ulp also where
// the result is tiny. Infinities, NaN and signed zeros are as in C.
//
// From 0 on, erfc(x) = e^(-x^2) p(q) / (1 + 2 x) with q = (x - 3) / (x + 3): Shepherd and Laframboise,
// "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity", Mathematics of Computation 36,
// 1981. The polynomials here are Chebyshev interpolations of that function up to where e^(-x^2 / 2) is 0,
// and of erf(x) / x in x^2 up to x = 3/4, made in 60 digits; their relative errors are below 1e-8 for float
// and 5e-17 for double.
#if defined(PLUGRAD_BACKENDS_CPU_ERF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BACKENDS_CPU_ERF_INL_H_
#undef PLUGRAD_BACKENDS_CPU_ERF_INL_H_
#else
#define PLUGRAD_BACKENDS_CPU_ERF_INL_H_
#endif

#include "plugrad/backends/cpu/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE::math {

// Coefficients, that of the constant term first, and what else depends on the precision.
template <class T>
struct ErfConstants;
template <>
struct ErfConstants<float> {
  static constexpr float scaled_erfc[] = {1.25300807F,    -0.135621165F,    -0.0475630803F,  0.129646524F,
                                          -0.119261584F,  0.0683023295F,    -0.0238375809F,  0.00251734302F,
                                          0.00204373707F, -0.000685767026F, -0.000230289132F};
  static constexpr float erf_over_x[] = {1.12837917F,    -0.376126195F,  0.112833865F,
                                         -0.0268351146F, 0.00511533211F, -0.000675647957F};
  static constexpr float vanishing = 16;                // e^(-x^2 / 2) is 0 from here on
  static constexpr uint32_t leading_half = 0xfffff000;  // the bits of a number whose square is exact
};
template <>
struct ErfConstants<double> {
  static constexpr double scaled_erfc[] = {
      1.2530080582697296,     -0.13562110612458106,    -0.047562294353443791,   0.12964515870274162,
      -0.11927366341564817,   0.068308027344764380,    -0.023770514912136907,   0.0025293918022185,
      0.00188869029396446390, -0.00077983214230272751, -0.00010515940603433259, 0.00012509862770457427,
      4.9479342964963077e-06, -2.0098009995119156e-05, -7.2735472894550663e-07, 3.4665517418433843e-06,
      3.4913320921921370e-07, -6.0793689195254781e-07, -1.3181254273293873e-07, 9.3764160634978954e-08,
      3.3651124008637362e-08, -9.0331169614747606e-09, -4.4813452333774611e-09};
  static constexpr double erf_over_x[] = {
      1.1283791670955126,     -0.37612638903183717,    0.11283791670952596,    -0.026866170644428484,
      0.0052239776154206387,  -0.00085483261887597527, 0.00012055289567541707, -1.4924196305569617e-05,
      1.6430684179741549e-06, -1.5940066854661717e-07, 1.1472499701094691e-08};
  static constexpr double vanishing = 40;
  static constexpr uint64_t leading_half = 0xfffffffff8000000;
};

// c[0] + c[1] x + c[2] x^2 ...
template <class D, class V, class T, size_t n>
HWY_INLINE V polynomial(D d, V x, const T (&c)[n]) {
  V y = hn::Set(d, c[n - 1]);
  for (size_t i = n - 1; i-- > 0;) y = hn::MulAdd(y, x, hn::Set(d, c[i]));
  return y;
}

// e^(-scale x^2), where `scale` is 1 or 1/2. Rounding x^2 would cost as many ulp as it is large: the square
// of x's leading half is exact, and the rest is small enough for a few terms of the exponential series.
template <class D, class V>
HWY_INLINE V exp_minus_square(D d, V x, double scale) {
  using T = hn::TFromD<D>;
  using Constants = ErfConstants<T>;
  static constexpr T series[] = {T{1}, T{-1}, T{1} / 2, T{-1} / 6, T{1} / 24, T{-1} / 120};
  const hn::RebindToUnsigned<D> bits;
  const V factor = hn::Set(d, static_cast<T>(scale)), vanishing = hn::Set(d, Constants::vanishing);
  const V a = hn::Abs(x), b = hn::IfThenElse(hn::Gt(a, vanishing), vanishing, a);  // keeps NaN
  const V lead = hn::BitCast(d, hn::And(hn::BitCast(bits, b), hn::Set(bits, Constants::leading_half)));
  const V rest = hn::Mul(factor, hn::Mul(hn::Sub(b, lead), hn::Add(b, lead)));
  const V e = exp(d, hn::Neg(hn::Mul(factor, hn::Mul(lead, lead))));
  return hn::Mul(e, polynomial(d, rest, series));
}

// e^(x^2) erfc(x) for x >= 0, up to where e^(-x^2 / 2) is 0; a positive number beyond.
template <class D, class V>
HWY_INLINE V scaled_erfc(D d, V x) {
  using T = hn::TFromD<D>;
  const V one = hn::Set(d, T{1}), three = hn::Set(d, T{3});
  const V vanishing = hn::Set(d, ErfConstants<T>::vanishing);
  const V b = hn::IfThenElse(hn::Gt(x, vanishing), vanishing, x);
  const V q = hn::Div(hn::Sub(b, three), hn::Add(b, three));
  return hn::Div(polynomial(d, q, ErfConstants<T>::scaled_erfc), hn::Add(one, hn::Add(b, b)));
}

// For |x| <= 3/4.
template <class D, class V>
HWY_INLINE V erf_near_0(D d, V x) {
  return hn::Mul(x, polynomial(d, hn::Mul(x, x), ErfConstants<hn::TFromD<D>>::erf_over_x));
}

template <class D, class V>
HWY_INLINE auto is_below(D d, V x, double bound) {
  return hn::Lt(hn::Abs(x), hn::Set(d, static_cast<hn::TFromD<D>>(bound)));
}

// `one` - y where x is negative, else y, which is that for |x|.
template <class D, class V>
HWY_INLINE V reflected(D d, V x, V y, double one) {
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Sub(hn::Set(d, static_cast<hn::TFromD<D>>(one)), y), y);
}

template <class D, class V>
HWY_INLINE V erf(D d, V x) {
  const V erfc = hn::Mul(exp_minus_square(d, x, 1), scaled_erfc(d, hn::Abs(x)));
  const V far = hn::CopySign(hn::Sub(hn::Set(d, hn::TFromD<D>{1}), erfc), x);
  return hn::IfThenElse(is_below(d, x, 0.75), erf_near_0(d, x), far);
}

template <class D, class V>
HWY_INLINE V erfc(D d, V x) {
  const V near = hn::Sub(hn::Set(d, hn::TFromD<D>{1}), erf_near_0(d, x));
  const V far = hn::Mul(exp_minus_square(d, x, 1), scaled_erfc(d, hn::Abs(x)));
  return hn::IfThenElse(is_below(d, x, 0.5), near, reflected(d, x, far, 2));
}

// The normal distribution: the probability of less than x, given e^(-x^2 / 2).
template <class D, class V>
HWY_INLINE V normal_distribution(D d, V x, V exponential) {
  using T = hn::TFromD<D>;
  const V half = hn::Set(d, static_cast<T>(0.5));
  const V scaled = hn::Mul(x, hn::Set(d, static_cast<T>(0.70710678118654752440)));
  const V near = hn::MulAdd(half, erf_near_0(d, scaled), half);
  const V above = hn::Mul(hn::Mul(half, exponential), scaled_erfc(d, hn::Abs(scaled)));
  return hn::IfThenElse(is_below(d, x, 0.5), near, reflected(d, hn::Neg(x), above, 1));
}

}  // namespace plugrad::cpu::HWY_NAMESPACE::math
HWY_AFTER_NAMESPACE();

#endif

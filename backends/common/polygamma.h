// digamma, the derivative of log Gamma, and its derivatives, for processor and device. All in double: sums
// that cancel near the roots take what float would have to give.
//
// From 0 on they are sums over (x + k)^-n, which the Euler-Maclaurin formula completes (Abramowitz and
// Stegun, Handbook of Mathematical Functions, 6.3.18 and 6.4.11, or 23.1.30 for Hurwitz's zeta function).
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __CUDACC__
#define PLUGRAD_HOST_DEVICE __host__ __device__
#else
#define PLUGRAD_HOST_DEVICE
#endif

namespace plugrad::special {

// c[0] + c[1] x + c[2] x^2 ...
template <size_t n>
PLUGRAD_HOST_DEVICE double polynomial(double x, const double (&c)[n]) {
  double y = c[n - 1];
  for (size_t i = n - 1; i-- > 0;) y = y * x + c[i];
  return y;
}

PLUGRAD_HOST_DEVICE inline double integer_power(double x, int64_t n) {
  double y = 1;
  for (; n > 0; n >>= 1, x *= x)
    if (n & 1) y *= x;
  return y;
}

// digamma(x) for 1 <= x <= 2. The root is taken out in three parts, so that digits stay beside it (from
// Boost.Math, as SciPy has it).
PLUGRAD_HOST_DEVICE inline double digamma_near_root(double x) {
  constexpr double p[] = {0.25479851061131551,  -0.32555031186804491,  -0.65031853770896507,
                          -0.28919126444774784, -0.045251321448739056, -0.0020713321167745952};
  constexpr double q[] = {1.0,
                          2.0767117023730469,
                          1.4606242909763515,
                          0.43593529692665969,
                          0.054151797245674225,
                          0.0021284987017821144,
                          -0.55789841321675513e-6};
  constexpr double slope = 0.99558162689208984375;  // about that of (x - root)
  const double from_root =
      x - 1569415565.0 / 1073741824 - 381566830.0 / 1073741824 / 1073741824 - 0.9016312093258695918615e-19;
  return from_root * slope + from_root * (polynomial(x - 1, p) / polynomial(x - 1, q));
}

// digamma(x) for x > 0; -infinity and infinity at the two zeros.
PLUGRAD_HOST_DEVICE inline double positive_digamma(double x) {
  // B_2k / (2k)
  constexpr double series[] = {1. / 12, -1. / 120, 1. / 252, -1. / 240, 1. / 132, -691. / 32760, 1. / 12};
  if (x >= 10) {
    const double z = 1 / (x * x);
    return ::log(x) - 0.5 / x - z * polynomial(z, series);
  }
  double shift = 0;
  for (; x > 2; shift += 1 / x) x -= 1;
  for (; x < 1; x += 1) shift -= 1 / x;
  return shift + digamma_near_root(x);
}

// Below 0: digamma(x) = digamma(1 - x) - pi cot(pi x) (A. and S. 6.3.7), NaN at the integers, as in SciPy.
// pi_cotangent(r) is pi cot(pi r), asked for |r| <= 1/2.
template <class Cotangent>
PLUGRAD_HOST_DEVICE double digamma(double x, Cotangent pi_cotangent) {
  if (x >= 0) return positive_digamma(x);
  const double r = x - ::rint(x);
  if (r == 0) return ::nan("");
  return positive_digamma(1 - x) - pi_cotangent(r);
}

// n! / x^(n + 1), multiplied up so that no factor overflows where the result does not.
PLUGRAD_HOST_DEVICE inline double factorial_over_power(int64_t n, double x) {
  double y = 1 / x;
  for (int64_t i = 1; i <= n; ++i) y *= static_cast<double>(i) / x;
  return y;
}

// The sum of n! / (x + k)^(n + 1) over k = 0, 1, ..., which is n! zeta(n + 1, x), for n >= 1 and x > 0: ten
// terms, and the rest by the Euler-Maclaurin formula. All are taken relative to the first.
PLUGRAD_HOST_DEVICE inline double positive_sum(int64_t n, double x) {
  // B_2k / (2k)!
  constexpr double series[] = {1. / 12,          -1. / 720,
                               1. / 30240,       -1. / 1209600,
                               1. / 47900160,    -691. / 1307674368e3,
                               1. / 74724249600, -3617. / 10670622842880e3};
  constexpr int terms = 8, direct = 10;
  const double lead = factorial_over_power(n - 1, x);
  if (x > 1e17) return lead;  // all that is left is the integral
  double sum = 1;
  for (int k = 1; k < direct; ++k) sum += integer_power(x / (x + k), n + 1);
  const double order = static_cast<double>(n), a = x + direct;
  double rest = 0;
  for (int k = terms - 1; k >= 0; --k)
    rest = series[k] + rest * ((order + (2 * k + 2)) / a) * ((order + (2 * k + 3)) / a);
  rest = a / order + 0.5 + (order + 1) / a * rest;
  return lead * (order / x * (sum + integer_power(x / a, n + 1) * rest));
}

// The derivative of digamma of order n >= 1: for odd n the sum of n! / (x + k)^(n + 1), for even n its
// opposite. Over all integers k it has the period 1 and is known from |r| <= 1/2; below 0, those of negative
// k are taken off. At 0, -1, -2, ... it is infinite, with the sign that SciPy gives it.
PLUGRAD_HOST_DEVICE inline double polygamma(int64_t n, double x) {
  const double sign = n % 2 ? 1 : -1, r = x - ::rint(x);
  if (x <= 0 && x == ::rint(x)) return sign * HUGE_VAL;
  const bool below = x < 0;
  const double at[] = {below ? 1 + r : x, 1 - r, 1 - x}, factor[] = {sign, 1, -1};
  double y = below ? sign * factorial_over_power(n, r) : 0;
  for (int part = 0; part < (below ? 3 : 1); ++part) y += factor[part] * positive_sum(n, at[part]);
  return y;
}

}  // namespace plugrad::special

#undef PLUGRAD_HOST_DEVICE

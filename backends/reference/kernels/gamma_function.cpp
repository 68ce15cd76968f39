// The logarithm of the gamma function and its derivatives, element by element.
//
//   lgamma      y = ln |Gamma(x)|                dx = dy digamma(x)
//   digamma     y = Gamma'(x) / Gamma(x)         dx = dy polygamma(1, x)
//   polygamma   y = the n-th derivative of it    dx = dy polygamma(n + 1, x)
//
// By recurrence up to where the asymptotic series is exact, below 0 by reflection: Abramowitz and Stegun,
// Handbook of Mathematical Functions, 6.3.5, 6.3.7, 6.3.18; 6.4.6, 6.4.7, 6.4.11.
#include <math.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

constexpr double pi = std::numbers::pi, infinity = std::numeric_limits<double>::infinity();
constexpr double bernoulli[] = {1. / 6,  -1. / 30,      1. / 42, -1. / 30,
                                5. / 66, -691. / 2730., 7. / 6,  -3617. / 510};  // B_2, B_4, ...

bool is_integer(double x) { return x == std::floor(x); }  // so is infinity

double digamma(double x) {
  if (x == 0) return std::copysign(infinity, -x);
  if (x < 0) {
    if (is_integer(x)) return std::numeric_limits<double>::quiet_NaN();
    return digamma(1 - x) - pi / std::tan(pi * (x - std::round(x)));
  }
  double y = 0;
  for (; x < 20; ++x) y -= 1 / x;
  y += std::log(x) - 1 / (2 * x);
  for (int k = 1; k <= 8; ++k) y -= bernoulli[k - 1] / (2 * k) * std::pow(x, -2 * k);
  return y;
}

// The coefficients of the polynomial P with (d/dx)^n cot x = P(cot x): that of order n + 1 is -(1 + c^2)
// P'(c).
std::vector<double> cotangent_derivative(int64_t n) {
  std::vector<double> p = {0, 1};
  for (; n > 0; --n) {
    std::vector<double> next(p.size() + 1);
    for (size_t k = 1; k < p.size(); ++k) {
      next[k - 1] -= static_cast<double>(k) * p[k];
      next[k + 1] -= static_cast<double>(k) * p[k];
    }
    p = next;
  }
  return p;
}

class Polygamma {
 public:
  explicit Polygamma(int64_t n)
      : n_(static_cast<double>(n)), sign_(n % 2 ? 1 : -1), cotangent_(cotangent_derivative(n)) {}

  double operator()(double x) const {
    if (x > 0) return sign_ * positive(x);
    if (is_integer(x)) return sign_ * infinity;
    const double c = 1 / std::tan(pi * (x - std::round(x)));
    double p = 0;
    for (size_t k = cotangent_.size(); k-- > 0;) p = p * c + cotangent_[k];
    return -positive(1 - x) - std::pow(pi, n_ + 1) * p;
  }

 private:
  // (n - 1)! / x^n, where either may be out of range.
  static double quotient(double n, double x) {
    int sign;
    return std::exp(lgamma_r(n, &sign) - n * std::log(x));
  }
  // The sum of n! / (x + k)^(n + 1).
  double positive(double x) const {
    double y = 0;
    for (; x < 20 + n_; ++x) y += quotient(n_ + 1, x);
    double rest = 1 + n_ / (2 * x), factor = 1;  // (n + 2k - 1)! / ((n - 1)! (2k)! x^2k)
    for (int k = 1; k <= 8; ++k) {
      factor *= (n_ + 2 * k - 2) * (n_ + 2 * k - 1) / ((2 * k - 1) * (2 * k) * x * x);
      rest += bernoulli[k - 1] * factor;
    }
    return y + quotient(n_, x) * rest;
  }

  double n_, sign_;
  std::vector<double> cotangent_;
};

// out = f(x), or out = dy f(x)
template <class F>
void apply(const Call& c, const F& f) {
  with_floating(c.out().dtype,
                [&]<class T>(Type<T>) { map<T, T>(c.out(), {c.in(0)}, [&f](double x) { return f(x); }); });
}
template <class F>
void apply_gradient(const Call& c, const F& derivative) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)},
                 [&derivative](double dy, double x) { return dy * derivative(x); });
  });
}

void lgamma(const Call& c) {
  apply(c, [](double x) {
    int sign;  // std::lgamma has a global variable for it
    return lgamma_r(x, &sign);
  });
}
void lgamma_gradient(const Call& c) {
  apply_gradient(c, [](double x) { return digamma(x); });
}
void digamma(const Call& c) {
  apply(c, [](double x) { return digamma(x); });
}
void digamma_gradient(const Call& c) { apply_gradient(c, Polygamma(1)); }
void polygamma(const Call& c) { apply(c, Polygamma(c.integer(0))); }
void polygamma_gradient(const Call& c) { apply_gradient(c, Polygamma(c.integer(0) + 1)); }

PLUGRAD_KERNELS(lgamma, lgamma, lgamma_gradient);
PLUGRAD_KERNELS(digamma, digamma, digamma_gradient);
PLUGRAD_KERNELS(polygamma, polygamma, polygamma_gradient);

}  // namespace
}  // namespace plugrad::reference

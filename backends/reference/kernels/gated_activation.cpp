// Activation functions that multiply x by a gate, element by element: y = x g(x), dx = dy (g(x) + x g'(x)).
//
//   gelu, exact     g = P, the normal distribution    g' = e^(-x^2/2) / sqrt(2 pi)
//   gelu, tanh      g = (1 + tanh u) / 2              g' = (1 - tanh^2 u) u' / 2, u = sqrt(2/pi) (x +
//   0.044715 x^3) silu            g = 1 / (1 + e^-x)                g' = g (1 - g) mish            g = tanh
//   ln(1 + e^x)              g' = (1 - g^2) / (1 + e^-x) hardswish       g = min(max(x + 3, 0), 6) / 6     g'
//   = 1/6 where |x| < 3, else 0
#include <algorithm>
#include <cmath>
#include <numbers>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

constexpr double pi = std::numbers::pi;

// A gate and its derivative at one place.
struct Gate {
  double value, slope;
};

template <class GateOf>
void apply(const Call& c, GateOf gate) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [gate](double x) { return x * gate(x).value; });
  });
}
template <class GateOf>
void apply_gradient(const Call& c, GateOf gate) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)}, [gate](double dy, double x) {
      const Gate g = gate(x);
      return dy * (g.value + x * g.slope);
    });
  });
}

double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

Gate normal_gate(double x) {
  return {std::erfc(-x / std::sqrt(2.)) / 2, std::exp(-x * x / 2) / std::sqrt(2 * pi)};
}
// (1 + tanh u) / 2 is the sigmoid of 2 u, which keeps its digits far below 0, and so does its derivative.
Gate tanh_gate(double x) {
  const double u = std::sqrt(2 / pi) * (x + 0.044715 * x * x * x);
  const double du = std::sqrt(2 / pi) * (1 + 3 * 0.044715 * x * x);
  return {sigmoid(2 * u), 2 * sigmoid(2 * u) * sigmoid(-2 * u) * du};
}
Gate sigmoid_gate(double x) { return {sigmoid(x), sigmoid(x) * sigmoid(-x)}; }
Gate softplus_gate(double x) {
  const double t = std::tanh(std::log1p(std::exp(-std::abs(x))) + (x > 0 ? x : 0));
  return {t, (1 - t * t) * sigmoid(x)};
}
Gate linear_gate(double x) { return {std::clamp(x + 3, 0., 6.) / 6, std::abs(x) < 3 ? 1. / 6 : 0}; }

bool is_exact(const Call& c) { return c.integer(0) == 0; }
void gelu(const Call& c) { apply(c, is_exact(c) ? normal_gate : tanh_gate); }
void gelu_gradient(const Call& c) { apply_gradient(c, is_exact(c) ? normal_gate : tanh_gate); }
void silu(const Call& c) { apply(c, sigmoid_gate); }
void silu_gradient(const Call& c) { apply_gradient(c, sigmoid_gate); }
void mish(const Call& c) { apply(c, softplus_gate); }
void mish_gradient(const Call& c) { apply_gradient(c, softplus_gate); }
void hardswish(const Call& c) { apply(c, linear_gate); }
void hardswish_gradient(const Call& c) { apply_gradient(c, linear_gate); }

PLUGRAD_KERNELS(gelu, gelu, gelu_gradient);
PLUGRAD_KERNELS(silu, silu, silu_gradient);
PLUGRAD_KERNELS(mish, mish, mish_gradient);
PLUGRAD_KERNELS(hardswish, hardswish, hardswish_gradient);

}  // namespace
}  // namespace plugrad::reference

// Activation functions that bend or squash x, element by element.
//
//   relu          y = max(x, 0)                         dx = dy where y > 0, else 0
//   leaky_relu    y = x where x > 0, else slope x       dx = dy where x > 0, else slope dy
//   elu           y = x where x > 0, else a (e^x - 1)   dx = dy where x > 0, else dy a e^x
//   selu          y = s elu(x), a and s fixed           dx = the same, times s
//   sigmoid       y = 1 / (1 + e^-x)                    dx = dy y (1 - y)
//   tanh          y = tanh x                            dx = dy (1 - y^2)
//   hardsigmoid   y = min(max(x + 3, 0), 6) / 6         dx = dy / 6 where |x| < 3, else 0
//   log_sigmoid   y = -ln(1 + e^-x)                     dx = dy / (1 + e^x)
//   softplus      y = ln(1 + e^x)                       dx = dy / (1 + e^-x)
#include <algorithm>
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// out = f(x), or out = dy f'(x), in double.
template <class F>
void apply(const Call& c, F f) {
  with_floating(c.out().dtype,
                [&]<class T>(Type<T>) { map<T, T>(c.out(), {c.in(0)}, [f](double x) { return f(x); }); });
}
template <class F>
void apply_gradient(const Call& c, F derivative) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)},
                 [derivative](double dy, double x) { return dy * derivative(x); });
  });
}

void relu(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [](T x) { return x <= 0 ? T(0) : x; });  // NaN stays NaN
  });
}

void relu_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return y > 0 ? dy : 0; });
  });
}

void leaky_relu(const Call& c) {
  apply(c, [slope = c.real(0)](double x) { return x > 0 ? x : slope * x; });
}
void leaky_relu_gradient(const Call& c) {
  apply_gradient(c, [slope = c.real(0)](double x) { return x > 0 ? 1 : slope; });
}

void elu(const Call& c) {
  apply(c, [alpha = c.real(0)](double x) { return x > 0 ? x : alpha * std::expm1(x); });
}
void elu_gradient(const Call& c) {
  apply_gradient(c, [alpha = c.real(0)](double x) { return x > 0 ? 1 : alpha * std::exp(x); });
}

constexpr double selu_alpha = 1.67326324235437728481, selu_scale = 1.05070098735548049342;
void selu(const Call& c) {
  apply(c, [](double x) { return selu_scale * (x > 0 ? x : selu_alpha * std::expm1(x)); });
}
void selu_gradient(const Call& c) {
  apply_gradient(c, [](double x) { return selu_scale * (x > 0 ? 1 : selu_alpha * std::exp(x)); });
}

double sigmoid_of(double x) {
  const double e = std::exp(-std::abs(x));  // at most 1: no overflow for large |x|
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
void sigmoid(const Call& c) { apply(c, sigmoid_of); }
void sigmoid_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy * y * (1 - y); });
  });
}

void tanh(const Call& c) {
  apply(c, [](double x) { return std::tanh(x); });
}
void tanh_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy * (1 - y * y); });
  });
}

void hardsigmoid(const Call& c) {
  apply(c, [](double x) { return std::clamp(x + 3, 0., 6.) / 6; });  // NaN stays NaN
}
void hardsigmoid_gradient(const Call& c) {
  apply_gradient(c, [](double x) { return std::abs(x) < 3 ? 1. / 6 : 0; });
}

double softplus_of(double x) { return std::log1p(std::exp(-std::abs(x))) + (x > 0 ? x : 0); }
void log_sigmoid(const Call& c) {
  apply(c, [](double x) { return -softplus_of(-x); });
}
void log_sigmoid_gradient(const Call& c) {
  apply_gradient(c, [](double x) { return sigmoid_of(-x); });
}
void softplus(const Call& c) { apply(c, softplus_of); }
void softplus_gradient(const Call& c) { apply_gradient(c, sigmoid_of); }

PLUGRAD_KERNELS(relu, relu, relu_gradient);
PLUGRAD_KERNELS(leaky_relu, leaky_relu, leaky_relu_gradient);
PLUGRAD_KERNELS(elu, elu, elu_gradient);
PLUGRAD_KERNELS(selu, selu, selu_gradient);
PLUGRAD_KERNELS(sigmoid, sigmoid, sigmoid_gradient);
PLUGRAD_KERNELS(tanh, tanh, tanh_gradient);
PLUGRAD_KERNELS(hardsigmoid, hardsigmoid, hardsigmoid_gradient);
PLUGRAD_KERNELS(log_sigmoid, log_sigmoid, log_sigmoid_gradient);
PLUGRAD_KERNELS(softplus, softplus, softplus_gradient);

}  // namespace
}  // namespace plugrad::reference

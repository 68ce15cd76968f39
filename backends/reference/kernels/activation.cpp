// Activation functions, element by element.
//
//   relu      y = max(x, 0)         dx = dy where y > 0, else 0
//   sigmoid   y = 1 / (1 + e^-x)    dx = dy y (1 - y)
//   tanh      y = tanh x            dx = dy (1 - y^2)
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

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

void sigmoid(const Call& c) {
  const auto y = [](double x) {
    const double e = std::exp(-std::abs(x));  // at most 1: no overflow for large |x|
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
  };
  with_floating(c.out().dtype, [&]<class T>(Type<T>) { map<T, T>(c.out(), {c.in(0)}, y); });
}

void sigmoid_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy * y * (1 - y); });
  });
}

void tanh(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [](double x) { return std::tanh(x); });
  });
}

void tanh_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy * (1 - y * y); });
  });
}

PLUGRAD_KERNELS(relu, relu, relu_gradient);
PLUGRAD_KERNELS(sigmoid, sigmoid, sigmoid_gradient);
PLUGRAD_KERNELS(tanh, tanh, tanh_gradient);

}  // namespace
}  // namespace plugrad::reference

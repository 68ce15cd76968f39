// Exponential, logarithm and square root, element by element.
//
//   exp    y = e^x       dx = dy y
//   log    y = ln x      dx = dy / x
//   sqrt   y = x^(1/2)   dx = dy / (2 y)
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void exp(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [](double x) { return std::exp(x); });
  });
}

void exp_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy * y; });
  });
}

void log(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [](double x) { return std::log(x); });
  });
}

void log_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy / x; });
  });
}

void sqrt(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [](double x) { return std::sqrt(x); });
  });
}

void sqrt_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy / (2 * y); });
  });
}

PLUGRAD_KERNELS(exp, exp, exp_gradient);
PLUGRAD_KERNELS(log, log, log_gradient);
PLUGRAD_KERNELS(sqrt, sqrt, sqrt_gradient);

}  // namespace
}  // namespace plugrad::reference

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
    map<T, T>(
        c.out(), [](double x) { return std::exp(x); }, c.in(0));
  });
}

void exp_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(
        c.din(0), [](double dy, double y) { return dy * y; }, c.dout(), c.out());
  });
}

void log(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(
        c.out(), [](double x) { return std::log(x); }, c.in(0));
  });
}

void log_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(
        c.din(0), [](double dy, double x) { return dy / x; }, c.dout(), c.in(0));
  });
}

void sqrt(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(
        c.out(), [](double x) { return std::sqrt(x); }, c.in(0));
  });
}

void sqrt_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(
        c.din(0), [](double dy, double y) { return dy / (2 * y); }, c.dout(), c.out());
  });
}

PLUGRAD_KERNELS(exp, exp, exp_gradient);
PLUGRAD_KERNELS(log, log, log_gradient);
PLUGRAD_KERNELS(sqrt, sqrt, sqrt_gradient);

}  // namespace
}  // namespace plugrad::reference

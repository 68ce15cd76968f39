// Exponential functions, element by element.
//
//   exp     y = e^x       dx = dy y
//   exp2    y = 2^x       dx = dy y ln 2
//   exp10   y = 10^x      dx = dy y ln 10
//   expm1   y = e^x - 1   dx = dy (y + 1)
#include <cmath>
#include <numbers>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void exp(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::exp(x); });
}

void exp_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy * y; });
}

void exp2(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::exp2(x); });
}

void exp2_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy * y * std::numbers::ln2; });
}

void exp10(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::pow(10.0, x); });
}

void exp10_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.out()},
               [](double dy, double y) { return dy * y * std::numbers::ln10; });
}

void expm1(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::expm1(x); });
}

void expm1_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return dy * (y + 1); });
}

PLUGRAD_KERNELS(exp, exp, exp_gradient);
PLUGRAD_KERNELS(exp2, exp2, exp2_gradient);
PLUGRAD_KERNELS(exp10, exp10, exp10_gradient);
PLUGRAD_KERNELS(expm1, expm1, expm1_gradient);

}  // namespace
}  // namespace plugrad::reference

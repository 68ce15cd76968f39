// Logarithms, element by element.
//
//   log     y = ln x         dx = dy / x
//   log2    y = log_2 x      dx = dy / (x ln 2)
//   log10   y = log_10 x     dx = dy / (x ln 10)
//   log1p   y = ln(1 + x)    dx = dy / (1 + x)
#include <cmath>
#include <numbers>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void log(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::log(x); });
}

void log_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy / x; });
}

void log2(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::log2(x); });
}

void log2_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)},
               [](double dy, double x) { return dy / (x * std::numbers::ln2); });
}

void log10(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::log10(x); });
}

void log10_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)},
               [](double dy, double x) { return dy / (x * std::numbers::ln10); });
}

void log1p(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return std::log1p(x); });
}

void log1p_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy / (1 + x); });
}

PLUGRAD_KERNELS(log, log, log_gradient);
PLUGRAD_KERNELS(log2, log2, log2_gradient);
PLUGRAD_KERNELS(log10, log10, log10_gradient);
PLUGRAD_KERNELS(log1p, log1p, log1p_gradient);

}  // namespace
}  // namespace plugrad::reference

// lgamma, digamma and polygamma, elementwise.
//   lgamma: dx = dy digamma(x)   digamma: dx = dy polygamma(1, x)   polygamma(n): dx = dy polygamma(n + 1, x)
#include <math.h>

#include <numbers>

#include "plugrad/backends/common/polygamma.h"
#include "plugrad/backends/cpu/scalar_loops.h"

namespace plugrad::cpu {
namespace {

struct Lgamma {
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T x) const {
    int sign;  // std::lgamma has a global variable for it
    return static_cast<T>(lgamma_r(double{x}, &sign));
  }
};

double digamma_of(double x) {
  return special::digamma(x, [](double r) { return std::numbers::pi / std::tan(std::numbers::pi * r); });
}
struct Digamma {
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(digamma_of(double{x}));
  }
};
struct LgammaGradient {
  static constexpr bool heavy = true;
  template <class T>
  T operator()(T dy, T x) const {
    return static_cast<T>(dy * digamma_of(double{x}));
  }
};

struct Polygamma {
  static constexpr bool heavy = true;
  int64_t order;
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(special::polygamma(order, double{x}));
  }
};
struct PolygammaGradient {
  static constexpr bool heavy = true;
  int64_t order;  // of the derivative
  template <class T>
  T operator()(T dy, T x) const {
    return static_cast<T>(dy * special::polygamma(order, double{x}));
  }
};

void lgamma(const Call& c) { map_scalars_floating(c, Lgamma{}, c.out(), c.in(0)); }
void lgamma_gradient(const Call& c) {
  map_scalars_floating(c, LgammaGradient{}, c.din(0), c.dout(), c.in(0));
}
void digamma(const Call& c) { map_scalars_floating(c, Digamma{}, c.out(), c.in(0)); }
void digamma_gradient(const Call& c) {
  map_scalars_floating(c, PolygammaGradient{1}, c.din(0), c.dout(), c.in(0));
}
void polygamma(const Call& c) { map_scalars_floating(c, Polygamma{c.integer(0)}, c.out(), c.in(0)); }
void polygamma_gradient(const Call& c) {
  map_scalars_floating(c, PolygammaGradient{c.integer(0) + 1}, c.din(0), c.dout(), c.in(0));
}

PLUGRAD_KERNELS(lgamma, lgamma, lgamma_gradient);
PLUGRAD_KERNELS(digamma, digamma, digamma_gradient);
PLUGRAD_KERNELS(polygamma, polygamma, polygamma_gradient);

}  // namespace
}  // namespace plugrad::cpu

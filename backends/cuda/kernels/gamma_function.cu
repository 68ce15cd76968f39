// The logarithm of the gamma function and its derivatives, element by element.
//
//   lgamma      y = ln |Gamma(x)|                dx = dy digamma(x)
//   digamma     y = Gamma'(x) / Gamma(x)         dx = dy polygamma(1, x)
//   polygamma   y = the n-th derivative of it    dx = dy polygamma(n + 1, x)
#include "plugrad/backends/common/polygamma.h"
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

struct Lgamma {
  template <class T>
  __device__ T operator()(T x) const {
    return ::lgamma(x);
  }
};

struct PiCotangent {
  __device__ double operator()(double r) const { return 3.14159265358979323846 * ::cospi(r) / ::sinpi(r); }
};
// Not inlined, as the kernels would want more registers than there are.
__device__ __noinline__ double digamma_at(double x) { return special::digamma(x, PiCotangent{}); }
__device__ __noinline__ double polygamma_at(int64_t order, double x) { return special::polygamma(order, x); }

struct Digamma {
  template <class T>
  __device__ T operator()(T x) const {
    return static_cast<T>(digamma_at(double{x}));
  }
};
struct LgammaGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return static_cast<T>(dy * digamma_at(double{x}));
  }
};

struct Polygamma {
  int64_t order;
  template <class T>
  __device__ T operator()(T x) const {
    return static_cast<T>(polygamma_at(order, double{x}));
  }
};
struct PolygammaGradient {
  int64_t order;  // of the derivative
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return static_cast<T>(dy * polygamma_at(order, double{x}));
  }
};

void lgamma(const Call& c) { map_floating(c, Lgamma{}, c.out(), c.in(0)); }
void lgamma_gradient(const Call& c) { map_floating(c, LgammaGradient{}, c.din(0), c.dout(), c.in(0)); }
void digamma(const Call& c) { map_floating(c, Digamma{}, c.out(), c.in(0)); }
void digamma_gradient(const Call& c) { map_floating(c, PolygammaGradient{1}, c.din(0), c.dout(), c.in(0)); }
void polygamma(const Call& c) { map_floating(c, Polygamma{c.integer(0)}, c.out(), c.in(0)); }
void polygamma_gradient(const Call& c) {
  map_floating(c, PolygammaGradient{c.integer(0) + 1}, c.din(0), c.dout(), c.in(0));
}

PLUGRAD_KERNELS(lgamma, lgamma, lgamma_gradient);
PLUGRAD_KERNELS(digamma, digamma, digamma_gradient);
PLUGRAD_KERNELS(polygamma, polygamma, polygamma_gradient);

}  // namespace
}  // namespace plugrad::cuda

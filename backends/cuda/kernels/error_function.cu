// The error function and its complement, element by element.
//
//   erf    y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x   dx = dy 2 / sqrt(pi) e^(-x^2)
//   erfc   y = 1 - erf x                                                 dx = -dy 2 / sqrt(pi) e^(-x^2)
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

struct Erf {
  template <class T>
  __device__ T operator()(T x) const {
    return ::erf(x);
  }
};
struct Erfc {
  template <class T>
  __device__ T operator()(T x) const {
    return ::erfc(x);
  }
};
// One kernel serves both: they differ in the sign of `factor`.
template <class T>
struct ErfGradient {
  T factor;
  __device__ T operator()(T dy, T x) const { return dy * (factor * ::exp(-x * x)); }
};

void gradient(const Call& c, double factor) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c, ErfGradient<T>{static_cast<T>(factor)}, c.din(0), c.dout(), c.in(0));
  });
}
constexpr double two_over_root_pi = 1.12837916709551257390;

void erf(const Call& c) { map_floating(c, Erf{}, c.out(), c.in(0)); }
void erf_gradient(const Call& c) { gradient(c, two_over_root_pi); }
void erfc(const Call& c) { map_floating(c, Erfc{}, c.out(), c.in(0)); }
void erfc_gradient(const Call& c) { gradient(c, -two_over_root_pi); }

PLUGRAD_KERNELS(erf, erf, erf_gradient);
PLUGRAD_KERNELS(erfc, erfc, erfc_gradient);

}  // namespace
}  // namespace plugrad::cuda

// Hyperbolic functions and their inverses, element by element.
//
//   sinh    y = sinh x      dx = dy cosh x
//   cosh    y = cosh x      dx = dy sinh x
//   asinh   y = arsinh x    dx = dy / sqrt(x^2 + 1)
//   acosh   y = arcosh x    dx = dy / (sqrt(x - 1) sqrt(x + 1))
//   atanh   y = artanh x    dx = dy / ((1 - x) (1 + x))
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

struct Sinh {
  template <class T>
  __device__ T operator()(T x) const {
    return ::sinh(x);
  }
};
struct SinhGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy * ::cosh(x);
  }
};
struct Cosh {
  template <class T>
  __device__ T operator()(T x) const {
    return ::cosh(x);
  }
};
struct CoshGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy * ::sinh(x);
  }
};
struct Asinh {
  template <class T>
  __device__ T operator()(T x) const {
    return ::asinh(x);
  }
};
struct AsinhGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy / ::hypot(x, T{1});
  }
};
struct Acosh {
  template <class T>
  __device__ T operator()(T x) const {
    return ::acosh(x);
  }
};
struct AcoshGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy / (::sqrt(x - T{1}) * ::sqrt(x + T{1}));
  }
};
struct Atanh {
  template <class T>
  __device__ T operator()(T x) const {
    return ::atanh(x);
  }
};
struct AtanhGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy / ((T{1} - x) * (T{1} + x));
  }
};

void sinh(const Call& c) { map_floating(c, Sinh{}, c.out(), c.in(0)); }
void sinh_gradient(const Call& c) { map_floating(c, SinhGradient{}, c.din(0), c.dout(), c.in(0)); }
void cosh(const Call& c) { map_floating(c, Cosh{}, c.out(), c.in(0)); }
void cosh_gradient(const Call& c) { map_floating(c, CoshGradient{}, c.din(0), c.dout(), c.in(0)); }
void asinh(const Call& c) { map_floating(c, Asinh{}, c.out(), c.in(0)); }
void asinh_gradient(const Call& c) { map_floating(c, AsinhGradient{}, c.din(0), c.dout(), c.in(0)); }
void acosh(const Call& c) { map_floating(c, Acosh{}, c.out(), c.in(0)); }
void acosh_gradient(const Call& c) { map_floating(c, AcoshGradient{}, c.din(0), c.dout(), c.in(0)); }
void atanh(const Call& c) { map_floating(c, Atanh{}, c.out(), c.in(0)); }
void atanh_gradient(const Call& c) { map_floating(c, AtanhGradient{}, c.din(0), c.dout(), c.in(0)); }

PLUGRAD_KERNELS(sinh, sinh, sinh_gradient);
PLUGRAD_KERNELS(cosh, cosh, cosh_gradient);
PLUGRAD_KERNELS(asinh, asinh, asinh_gradient);
PLUGRAD_KERNELS(acosh, acosh, acosh_gradient);
PLUGRAD_KERNELS(atanh, atanh, atanh_gradient);

}  // namespace
}  // namespace plugrad::cuda

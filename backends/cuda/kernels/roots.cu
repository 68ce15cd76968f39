// Roots, element by element; hypot with broadcasting, its gradients in the output's shape.
//
//   sqrt    y = x^(1/2)          dx = dy / (2 y)
//   rsqrt   y = x^(-1/2)         dx = -dy y^3 / 2
//   cbrt    y = x^(1/3)          dx = dy / (3 y^2)
//   hypot   z = sqrt(x^2 + y^2)  dx = dz x / z, dy = dz y / z; 0 where z = 0
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

struct Sqrt {
  template <class T>
  __device__ T operator()(T x) const {
    return ::sqrt(x);
  }
};
struct SqrtGradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return dy / (y + y);
  }
};
struct Rsqrt {
  template <class T>
  __device__ T operator()(T x) const {
    return ::rsqrt(x);
  }
};
struct RsqrtGradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return T{-0.5} * dy * y * (y * y);
  }
};
struct Cbrt {
  template <class T>
  __device__ T operator()(T x) const {
    return ::cbrt(x);
  }
};
struct CbrtGradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return dy / (T{3} * y * y);
  }
};
struct Hypot {
  template <class T>
  __device__ T operator()(T x, T y) const {
    return ::hypot(x, y);
  }
};
struct HypotGradient {  // of x
  template <class T>
  __device__ T operator()(T dz, T x, T z) const {
    return z == T{0} ? T{0} : dz * (x / z);
  }
};

void sqrt(const Call& c) { map_floating(c, Sqrt{}, c.out(), c.in(0)); }
void sqrt_gradient(const Call& c) { map_floating(c, SqrtGradient{}, c.din(0), c.dout(), c.out()); }
void rsqrt(const Call& c) { map_floating(c, Rsqrt{}, c.out(), c.in(0)); }
void rsqrt_gradient(const Call& c) { map_floating(c, RsqrtGradient{}, c.din(0), c.dout(), c.out()); }
void cbrt(const Call& c) { map_floating(c, Cbrt{}, c.out(), c.in(0)); }
void cbrt_gradient(const Call& c) { map_floating(c, CbrtGradient{}, c.din(0), c.dout(), c.out()); }
void hypot(const Call& c) { map_floating(c, Hypot{}, c.out(), c.in(0), c.in(1)); }
void hypot_gradient(const Call& c) {
  for (int i : {0, 1})
    if (c.wants(i)) map_floating(c, HypotGradient{}, c.din(i), c.dout(), c.in(i), c.out());
}

PLUGRAD_KERNELS(sqrt, sqrt, sqrt_gradient);
PLUGRAD_KERNELS(rsqrt, rsqrt, rsqrt_gradient);
PLUGRAD_KERNELS(cbrt, cbrt, cbrt_gradient);
PLUGRAD_KERNELS(hypot, hypot, hypot_gradient);

}  // namespace
}  // namespace plugrad::cuda

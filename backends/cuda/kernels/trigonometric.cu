// Sine and cosine, element by element.
//
//   sin   y = sin x   dx = dy cos x
//   cos   y = cos x   dx = -dy sin x
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

struct Sin {
  template <class T>
  __device__ T operator()(T x) const {
    return ::sin(x);
  }
};
struct SinGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy * ::cos(x);
  }
};
struct Cos {
  template <class T>
  __device__ T operator()(T x) const {
    return ::cos(x);
  }
};
struct CosGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return -dy * ::sin(x);
  }
};

void sin(const Call& c) { map_floating(c, Sin{}, c.out(), c.in(0)); }
void sin_gradient(const Call& c) { map_floating(c, SinGradient{}, c.din(0), c.dout(), c.in(0)); }
void cos(const Call& c) { map_floating(c, Cos{}, c.out(), c.in(0)); }
void cos_gradient(const Call& c) { map_floating(c, CosGradient{}, c.din(0), c.dout(), c.in(0)); }

PLUGRAD_KERNELS(sin, sin, sin_gradient);
PLUGRAD_KERNELS(cos, cos, cos_gradient);

}  // namespace
}  // namespace plugrad::cuda

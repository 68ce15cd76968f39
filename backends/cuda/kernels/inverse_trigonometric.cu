// Inverse trigonometric functions, element by element; atan2 with broadcasting, its gradients in the output's
// shape.
//
//   asin    y = arcsin x                 dx = dy / sqrt((1 - x) (1 + x))
//   acos    y = arccos x                 dx = -dy / sqrt((1 - x) (1 + x))
//   atan    y = arctan x                 dx = dy / (1 + x^2)
//   atan2   z = the angle of (x, y)      dy = dz x / r^2, dx = -dz y / r^2, with r = sqrt(x^2 + y^2)
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

struct Asin {
  template <class T>
  __device__ T operator()(T x) const {
    return ::asin(x);
  }
};
struct Acos {
  template <class T>
  __device__ T operator()(T x) const {
    return ::acos(x);
  }
};
struct AsinGradient {  // of acos with the other sign
  double sign;
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return static_cast<T>(sign) * dy / ::sqrt((T{1} - x) * (T{1} + x));
  }
};
struct Atan {
  template <class T>
  __device__ T operator()(T x) const {
    return ::atan(x);
  }
};
struct AtanGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy / (T{1} + x * x);
  }
};
struct Atan2 {
  template <class T>
  __device__ T operator()(T y, T x) const {
    return ::atan2(y, x);
  }
};
// other / (self^2 + other^2) without squares that might overflow.
struct Atan2Gradient {
  double sign;
  template <class T>
  __device__ T operator()(T dz, T other, T self) const {
    const bool other_larger = ::abs(other) > ::abs(self);
    const T larger = other_larger ? other : self, ratio = (other_larger ? self : other) / larger;
    return static_cast<T>(sign) * dz * (other_larger ? T{1} : ratio) / (T{1} + ratio * ratio) / larger;
  }
};

void asin(const Call& c) { map_floating(c, Asin{}, c.out(), c.in(0)); }
void asin_gradient(const Call& c) { map_floating(c, AsinGradient{1}, c.din(0), c.dout(), c.in(0)); }
void acos(const Call& c) { map_floating(c, Acos{}, c.out(), c.in(0)); }
void acos_gradient(const Call& c) { map_floating(c, AsinGradient{-1}, c.din(0), c.dout(), c.in(0)); }
void atan(const Call& c) { map_floating(c, Atan{}, c.out(), c.in(0)); }
void atan_gradient(const Call& c) { map_floating(c, AtanGradient{}, c.din(0), c.dout(), c.in(0)); }
void atan2(const Call& c) { map_floating(c, Atan2{}, c.out(), c.in(0), c.in(1)); }
void atan2_gradient(const Call& c) {
  if (c.wants(0)) map_floating(c, Atan2Gradient{1}, c.din(0), c.dout(), c.in(1), c.in(0));
  if (c.wants(1)) map_floating(c, Atan2Gradient{-1}, c.din(1), c.dout(), c.in(0), c.in(1));
}

PLUGRAD_KERNELS(asin, asin, asin_gradient);
PLUGRAD_KERNELS(acos, acos, acos_gradient);
PLUGRAD_KERNELS(atan, atan, atan_gradient);
PLUGRAD_KERNELS(atan2, atan2, atan2_gradient);

}  // namespace
}  // namespace plugrad::cuda

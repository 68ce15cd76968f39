// Sine, cosine, tangent and sinc, element by element.
//
//   sin    y = sin x                  dx = dy cos x
//   cos    y = cos x                  dx = -dy sin x
//   tan    y = tan x                  dx = dy (1 + y^2)
//   sinc   y = sin(pi x) / (pi x)     dx = dy (cos(pi x) - y) / x; near 0 the Taylor series
#include <numbers>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

constexpr double pi = std::numbers::pi;

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
struct Tan {
  template <class T>
  __device__ T operator()(T x) const {
    return ::tan(x);
  }
};
struct TanGradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return dy * (T{1} + y * y);
  }
};
struct Sinc {
  template <class T>
  __device__ T operator()(T x) const {
    return x == T{0} ? T{1} : ::sinpi(x) / (static_cast<T>(pi) * x);
  }
};
struct SincGradient {
  template <class T>
  __device__ T operator()(T dy, T x, T y) const {
    return dy * (::abs(x) < T{0.5} ? series(x) : (::cospi(x) - y) / x);
  }
  // -pi^2 x/3 (1 - t/10 (1 - t/28 (1 - ...))), t = (pi x)^2: a term is the one before times -t / (2k (2k +
  // 3)).
  template <class T>
  static __device__ T series(T x) {
    T sum{1};
    for (int k = sizeof(T) == 4 ? 5 : 10; k > 0; --k)
      sum = T{1} - x * x * static_cast<T>(pi * pi / (2 * k * (2 * k + 3))) * sum;
    return x * static_cast<T>(-pi * pi / 3) * sum;
  }
};

void sin(const Call& c) { map_floating(c, Sin{}, c.out(), c.in(0)); }
void sin_gradient(const Call& c) { map_floating(c, SinGradient{}, c.din(0), c.dout(), c.in(0)); }
void cos(const Call& c) { map_floating(c, Cos{}, c.out(), c.in(0)); }
void cos_gradient(const Call& c) { map_floating(c, CosGradient{}, c.din(0), c.dout(), c.in(0)); }
void tan(const Call& c) { map_floating(c, Tan{}, c.out(), c.in(0)); }
void tan_gradient(const Call& c) { map_floating(c, TanGradient{}, c.din(0), c.dout(), c.out()); }
void sinc(const Call& c) { map_floating(c, Sinc{}, c.out(), c.in(0)); }
void sinc_gradient(const Call& c) { map_floating(c, SincGradient{}, c.din(0), c.dout(), c.in(0), c.out()); }

PLUGRAD_KERNELS(sin, sin, sin_gradient);
PLUGRAD_KERNELS(cos, cos, cos_gradient);
PLUGRAD_KERNELS(tan, tan, tan_gradient);
PLUGRAD_KERNELS(sinc, sinc, sinc_gradient);

}  // namespace
}  // namespace plugrad::cuda

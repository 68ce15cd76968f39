// Exponential functions, element by element.
//
//   exp     y = e^x       dx = dy y
//   exp2    y = 2^x       dx = dy y ln 2
//   exp10   y = 10^x      dx = dy y ln 10
//   expm1   y = e^x - 1   dx = dy (y + 1)
#include <numbers>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

constexpr double ln2 = std::numbers::ln2, ln10 = std::numbers::ln10;

struct Exp {
  template <class T>
  __device__ T operator()(T x) const {
    return ::exp(x);
  }
};
struct Exp2 {
  template <class T>
  __device__ T operator()(T x) const {
    return ::exp2(x);
  }
};
struct Exp10 {
  template <class T>
  __device__ T operator()(T x) const {
    return ::exp10(x);
  }
};
struct PowerGradient {
  double ln_b;
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return dy * y * static_cast<T>(ln_b);
  }
};
struct Expm1 {
  template <class T>
  __device__ T operator()(T x) const {
    return ::expm1(x);
  }
};
struct Expm1Gradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return dy * y + dy;
  }
};

void exp(const Call& c) { map_floating(c, Exp{}, c.out(), c.in(0)); }
void exp_gradient(const Call& c) { map_floating(c, PowerGradient{1}, c.din(0), c.dout(), c.out()); }
void exp2(const Call& c) { map_floating(c, Exp2{}, c.out(), c.in(0)); }
void exp2_gradient(const Call& c) { map_floating(c, PowerGradient{ln2}, c.din(0), c.dout(), c.out()); }
void exp10(const Call& c) { map_floating(c, Exp10{}, c.out(), c.in(0)); }
void exp10_gradient(const Call& c) { map_floating(c, PowerGradient{ln10}, c.din(0), c.dout(), c.out()); }
void expm1(const Call& c) { map_floating(c, Expm1{}, c.out(), c.in(0)); }
void expm1_gradient(const Call& c) { map_floating(c, Expm1Gradient{}, c.din(0), c.dout(), c.out()); }

PLUGRAD_KERNELS(exp, exp, exp_gradient);
PLUGRAD_KERNELS(exp2, exp2, exp2_gradient);
PLUGRAD_KERNELS(exp10, exp10, exp10_gradient);
PLUGRAD_KERNELS(expm1, expm1, expm1_gradient);

}  // namespace
}  // namespace plugrad::cuda

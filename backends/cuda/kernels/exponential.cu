// Exponential, logarithm and square root, element by element.
//
//   exp    y = e^x       dx = dy y
//   log    y = ln x      dx = dy / x
//   sqrt   y = x^(1/2)   dx = dy / (2 y)
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

struct Exp {
  template <class T>
  __device__ T operator()(T x) const {
    return ::exp(x);
  }
};
struct ExpGradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return dy * y;
  }
};
struct Log {
  template <class T>
  __device__ T operator()(T x) const {
    return ::log(x);
  }
};
struct LogGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy / x;
  }
};
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

void exp(const Call& c) { map_floating(c, Exp{}, c.out(), c.in(0)); }
void exp_gradient(const Call& c) { map_floating(c, ExpGradient{}, c.din(0), c.dout(), c.out()); }
void log(const Call& c) { map_floating(c, Log{}, c.out(), c.in(0)); }
void log_gradient(const Call& c) { map_floating(c, LogGradient{}, c.din(0), c.dout(), c.in(0)); }
void sqrt(const Call& c) { map_floating(c, Sqrt{}, c.out(), c.in(0)); }
void sqrt_gradient(const Call& c) { map_floating(c, SqrtGradient{}, c.din(0), c.dout(), c.out()); }

PLUGRAD_KERNELS(exp, exp, exp_gradient);
PLUGRAD_KERNELS(log, log, log_gradient);
PLUGRAD_KERNELS(sqrt, sqrt, sqrt_gradient);

}  // namespace
}  // namespace plugrad::cuda

// Activation functions, element by element.
//
//   relu      y = max(x, 0)         dx = dy where y > 0, else 0
//   sigmoid   y = 1 / (1 + e^-x)    dx = dy y (1 - y)
//   tanh      y = tanh x            dx = dy (1 - y^2)
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

struct Relu {
  template <class T>
  __device__ T operator()(T x) const {
    return x <= T{0} ? T{0} : x;  // NaN stays NaN
  }
};
struct ReluGradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return y > T{0} ? dy : T{0};
  }
};

struct Sigmoid {
  template <class T>
  __device__ T operator()(T x) const {
    const T e = ::exp(-::abs(x));  // at most 1: no overflow for large |x|
    return (x >= T{0} ? T{1} : e) / (T{1} + e);
  }
};
struct SigmoidGradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return dy * y * (T{1} - y);
  }
};

struct Tanh {
  template <class T>
  __device__ T operator()(T x) const {
    return ::tanh(x);
  }
};
struct TanhGradient {
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return dy * (T{1} - y * y);
  }
};

void relu(const Call& c) { map_numbers(c, Relu{}, c.out(), c.in(0)); }
void relu_gradient(const Call& c) { map_floating(c, ReluGradient{}, c.din(0), c.dout(), c.out()); }
void sigmoid(const Call& c) { map_floating(c, Sigmoid{}, c.out(), c.in(0)); }
void sigmoid_gradient(const Call& c) { map_floating(c, SigmoidGradient{}, c.din(0), c.dout(), c.out()); }
void tanh(const Call& c) { map_floating(c, Tanh{}, c.out(), c.in(0)); }
void tanh_gradient(const Call& c) { map_floating(c, TanhGradient{}, c.din(0), c.dout(), c.out()); }

PLUGRAD_KERNELS(relu, relu, relu_gradient);
PLUGRAD_KERNELS(sigmoid, sigmoid, sigmoid_gradient);
PLUGRAD_KERNELS(tanh, tanh, tanh_gradient);

}  // namespace
}  // namespace plugrad::cuda

// Activation functions that bend or squash x, element by element.
//
//   relu          y = max(x, 0)                         dx = dy where y > 0, else 0
//   leaky_relu    y = x where x > 0, else slope x       dx = dy where x > 0, else slope dy
//   elu           y = x where x > 0, else a (e^x - 1)   dx = dy where x > 0, else dy a e^x
//   selu          y = s elu(x), a and s fixed           dx = the same, times s
//   sigmoid       y = 1 / (1 + e^-x)                    dx = dy y (1 - y)
//   tanh          y = tanh x                            dx = dy (1 - y^2)
//   hardsigmoid   y = min(max(x + 3, 0), 6) / 6         dx = dy / 6 where |x| < 3, else 0
//   log_sigmoid   y = -ln(1 + e^-x)                     dx = dy / (1 + e^x)
//   softplus      y = ln(1 + e^x)                       dx = dy / (1 + e^-x)
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

// ---- rectifiers ----

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

template <class T>
struct LeakyRelu {
  T slope;
  __device__ T operator()(T x) const { return x > T{0} ? x : slope * x; }
};
template <class T>
struct LeakyReluGradient {
  T slope;
  __device__ T operator()(T dy, T x) const { return x > T{0} ? dy : slope * dy; }
};

// elu and selu differ in the two factors.
template <class T>
struct Elu {
  T above, below;
  __device__ T operator()(T x) const { return x <= T{0} ? below * ::expm1(x) : above * x; }
};
template <class T>
struct EluGradient {
  T above, below;
  __device__ T operator()(T dy, T x) const { return dy * (x <= T{0} ? below * ::exp(x) : above); }
};

// ---- sigmoids ----

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

struct Hardsigmoid {
  template <class T>
  __device__ T operator()(T x) const {
    const T above_0 = x + T{3} <= T{0} ? T{0} : x + T{3};  // NaN stays NaN
    return (above_0 >= T{6} ? T{6} : above_0) / T{6};
  }
};
struct HardsigmoidGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return ::abs(x) < T{3} ? dy / T{6} : T{0};
  }
};

// log_sigmoid(x) is -softplus(-x).
struct Softplus {
  bool negated;
  template <class T>
  __device__ T operator()(T x) const {
    if (negated) x = -x;
    const T y = ::log1p(::exp(-::abs(x))) + Relu{}(x);
    return negated ? -y : y;
  }
};
struct SoftplusGradient {
  bool negated;
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy * Sigmoid{}(negated ? -x : x);
  }
};

// out = F<T>{parameter...}(x), and its gradient.
template <template <class> class F, class... Parameter>
void apply(const Call& c, Parameter... parameter) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c, F<T>{static_cast<T>(parameter)...}, c.out(), c.in(0));
  });
}
template <template <class> class F, class... Parameter>
void apply_gradient(const Call& c, Parameter... parameter) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c, F<T>{static_cast<T>(parameter)...}, c.din(0), c.dout(), c.in(0));
  });
}

void relu(const Call& c) { map_numbers(c, Relu{}, c.out(), c.in(0)); }
void relu_gradient(const Call& c) { map_floating(c, ReluGradient{}, c.din(0), c.dout(), c.out()); }
void leaky_relu(const Call& c) { apply<LeakyRelu>(c, c.real(0)); }
void leaky_relu_gradient(const Call& c) { apply_gradient<LeakyReluGradient>(c, c.real(0)); }
constexpr double selu_scale = 1.05070098735548049342, selu_below = selu_scale * 1.67326324235437728481;
void elu(const Call& c) { apply<Elu>(c, 1, c.real(0)); }
void elu_gradient(const Call& c) { apply_gradient<EluGradient>(c, 1, c.real(0)); }
void selu(const Call& c) { apply<Elu>(c, selu_scale, selu_below); }
void selu_gradient(const Call& c) { apply_gradient<EluGradient>(c, selu_scale, selu_below); }
void sigmoid(const Call& c) { map_floating(c, Sigmoid{}, c.out(), c.in(0)); }
void sigmoid_gradient(const Call& c) { map_floating(c, SigmoidGradient{}, c.din(0), c.dout(), c.out()); }
void tanh(const Call& c) { map_floating(c, Tanh{}, c.out(), c.in(0)); }
void tanh_gradient(const Call& c) { map_floating(c, TanhGradient{}, c.din(0), c.dout(), c.out()); }
void hardsigmoid(const Call& c) { map_floating(c, Hardsigmoid{}, c.out(), c.in(0)); }
void hardsigmoid_gradient(const Call& c) {
  map_floating(c, HardsigmoidGradient{}, c.din(0), c.dout(), c.in(0));
}
void log_sigmoid(const Call& c) { map_floating(c, Softplus{true}, c.out(), c.in(0)); }
void log_sigmoid_gradient(const Call& c) {
  map_floating(c, SoftplusGradient{true}, c.din(0), c.dout(), c.in(0));
}
void softplus(const Call& c) { map_floating(c, Softplus{false}, c.out(), c.in(0)); }
void softplus_gradient(const Call& c) {
  map_floating(c, SoftplusGradient{false}, c.din(0), c.dout(), c.in(0));
}

PLUGRAD_KERNELS(relu, relu, relu_gradient);
PLUGRAD_KERNELS(leaky_relu, leaky_relu, leaky_relu_gradient);
PLUGRAD_KERNELS(elu, elu, elu_gradient);
PLUGRAD_KERNELS(selu, selu, selu_gradient);
PLUGRAD_KERNELS(sigmoid, sigmoid, sigmoid_gradient);
PLUGRAD_KERNELS(tanh, tanh, tanh_gradient);
PLUGRAD_KERNELS(hardsigmoid, hardsigmoid, hardsigmoid_gradient);
PLUGRAD_KERNELS(log_sigmoid, log_sigmoid, log_sigmoid_gradient);
PLUGRAD_KERNELS(softplus, softplus, softplus_gradient);

}  // namespace
}  // namespace plugrad::cuda

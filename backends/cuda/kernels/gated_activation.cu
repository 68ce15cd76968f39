// Activation functions that multiply x by a gate, element by element: y = x g(x), dx = dy (g(x) + x g'(x)).
//
//   gelu, exact     g = P, the normal distribution    g' = e^(-x^2/2) / sqrt(2 pi)
//   gelu, tanh      g = sigmoid(v)                    g' = sigmoid(v) sigmoid(-v) v'
//                   v = 2 sqrt(2/pi) (x + 0.044715 x^3), so that g = (1 + tanh(v / 2)) / 2
//   silu            g = sigmoid(x)                    g' = sigmoid(x) sigmoid(-x)
//   mish            g = tanh ln(1 + n), n = e^x       g' = 4 n (n + 1) / (n (n + 2) + 2)^2
//                     = n (n + 2) / (n (n + 2) + 2)
//   hardswish       g = min(max(x + 3, 0), 6) / 6     g' = 1/6 where |x| < 3, else 0
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

// A gate and its derivative; which of the two is not used is not computed.
template <class T>
struct Gate {
  T value, slope;
};

template <class GateOf>
struct Gated {
  template <class T>
  __device__ T operator()(T x) const {
    return x * GateOf{}(x).value;
  }
};
template <class GateOf>
struct GatedGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    const Gate<T> gate = GateOf{}(x);
    return dy * (gate.value + x * gate.slope);
  }
};

struct NormalGate {
  template <class T>
  __device__ Gate<T> operator()(T x) const {
    return {::normcdf(x), static_cast<T>(0.39894228040143267794) * ::exp(-x * x / T{2})};
  }
};

// The sigmoid of v, a function of x with the derivative dv.
template <class T>
__device__ Gate<T> sigmoid_gate(T v, T dv) {
  const T e = ::exp(-::abs(v)), large = T{1} / (T{1} + e), small = e * large;
  return {v < T{0} ? small : large, small * large * dv};
}
struct SigmoidGate {
  template <class T>
  __device__ Gate<T> operator()(T x) const {
    return sigmoid_gate(x, T{1});
  }
};
struct TanhGate {
  template <class T>
  __device__ Gate<T> operator()(T x) const {
    const T slope = static_cast<T>(1.59576912160573071176), bend = static_cast<T>(0.044715) * x * x;
    return sigmoid_gate(slope * x * (T{1} + bend), slope * (T{1} + T{3} * bend));
  }
};

// With w = e^-|x|: over and under the fraction by w^2 where x is positive, so that nothing overflows.
struct SoftplusGate {
  template <class T>
  __device__ Gate<T> operator()(T x) const {
    const T w = ::exp(-::abs(x));
    const bool negative = x < T{0};
    const T over = negative ? w * (w + T{2}) : T{1} + T{2} * w;
    const T under = over + T{2} * (negative ? T{1} : w * w);
    return {over / under, T{4} * w * (w + T{1}) * (negative ? T{1} : w) / (under * under)};
  }
};

struct LinearGate {
  template <class T>
  __device__ Gate<T> operator()(T x) const {
    const T above_0 = x + T{3} <= T{0} ? T{0} : x + T{3};  // NaN stays NaN
    return {(above_0 >= T{6} ? T{6} : above_0) / T{6}, ::abs(x) < T{3} ? T{1} / T{6} : T{0}};
  }
};

template <class GateOf>
void apply(const Call& c) {
  map_floating(c, Gated<GateOf>{}, c.out(), c.in(0));
}
template <class GateOf>
void apply_gradient(const Call& c) {
  map_floating(c, GatedGradient<GateOf>{}, c.din(0), c.dout(), c.in(0));
}

bool is_exact(const Call& c) { return c.integer(0) == 0; }
void gelu(const Call& c) {
  if (is_exact(c)) apply<NormalGate>(c);
  else apply<TanhGate>(c);
}
void gelu_gradient(const Call& c) {
  if (is_exact(c)) apply_gradient<NormalGate>(c);
  else apply_gradient<TanhGate>(c);
}

PLUGRAD_KERNELS(gelu, gelu, gelu_gradient);
PLUGRAD_KERNELS(silu, apply<SigmoidGate>, apply_gradient<SigmoidGate>);
PLUGRAD_KERNELS(mish, apply<SoftplusGate>, apply_gradient<SoftplusGate>);
PLUGRAD_KERNELS(hardswish, apply<LinearGate>, apply_gradient<LinearGate>);

}  // namespace
}  // namespace plugrad::cuda

// Logarithms, element by element.
//
//   log     y = ln x         dx = dy / x
//   log2    y = log_2 x      dx = dy / (x ln 2)
//   log10   y = log_10 x     dx = dy / (x ln 10)
//   log1p   y = ln(1 + x)    dx = dy / (1 + x)
#include <numbers>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

constexpr double ln2 = std::numbers::ln2, ln10 = std::numbers::ln10;

struct Log {
  template <class T>
  __device__ T operator()(T x) const {
    return ::log(x);
  }
};
struct Log2 {
  template <class T>
  __device__ T operator()(T x) const {
    return ::log2(x);
  }
};
struct Log10 {
  template <class T>
  __device__ T operator()(T x) const {
    return ::log10(x);
  }
};
struct LogGradient {
  double ln_b;
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy / (x * static_cast<T>(ln_b));
  }
};
struct Log1p {
  template <class T>
  __device__ T operator()(T x) const {
    return ::log1p(x);
  }
};
struct Log1pGradient {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return dy / (T{1} + x);
  }
};

void log(const Call& c) { map_floating(c, Log{}, c.out(), c.in(0)); }
void log_gradient(const Call& c) { map_floating(c, LogGradient{1}, c.din(0), c.dout(), c.in(0)); }
void log2(const Call& c) { map_floating(c, Log2{}, c.out(), c.in(0)); }
void log2_gradient(const Call& c) { map_floating(c, LogGradient{ln2}, c.din(0), c.dout(), c.in(0)); }
void log10(const Call& c) { map_floating(c, Log10{}, c.out(), c.in(0)); }
void log10_gradient(const Call& c) { map_floating(c, LogGradient{ln10}, c.din(0), c.dout(), c.in(0)); }
void log1p(const Call& c) { map_floating(c, Log1p{}, c.out(), c.in(0)); }
void log1p_gradient(const Call& c) { map_floating(c, Log1pGradient{}, c.din(0), c.dout(), c.in(0)); }

PLUGRAD_KERNELS(log, log, log_gradient);
PLUGRAD_KERNELS(log2, log2, log2_gradient);
PLUGRAD_KERNELS(log10, log10, log10_gradient);
PLUGRAD_KERNELS(log1p, log1p, log1p_gradient);

}  // namespace
}  // namespace plugrad::cuda

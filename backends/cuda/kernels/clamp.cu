// Values moved between two bounds, element by element.
//
//   clamp   y = low where x < low, high where x > high, else x    dx = dy where low <= x <= high, else 0
#include <limits>
#include <type_traits>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

template <class T>
struct Bounds {
  T low, high;
  explicit Bounds(const Call& c) : low(bound(c.real(0))), high(bound(c.real(1))) {}
  // Bounds beyond the integers bound none.
  static T bound(double x) {
    using Limits = std::numeric_limits<T>;
    if (std::is_integral_v<T> && x <= static_cast<double>(Limits::lowest())) return Limits::lowest();
    if (std::is_integral_v<T> && x >= static_cast<double>(Limits::max())) return Limits::max();
    return static_cast<T>(x);
  }
};
template <class T>
struct Clamp {
  Bounds<T> bounds;
  __device__ T operator()(T x) const {
    if (x < bounds.low) return bounds.low;
    return x > bounds.high ? bounds.high : x;  // keeps NaN
  }
};
template <class T>
struct ClampGradient {
  Bounds<T> bounds;
  __device__ T operator()(T dy, T x) const { return x >= bounds.low && x <= bounds.high ? dy : T{0}; }
};

void clamp(const Call& c) {
  with_number(c.out().dtype,
              [&]<class T>(Type<T>) { map<T, T>(c, Clamp<T>{Bounds<T>(c)}, c.out(), c.in(0)); });
}
void clamp_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c, ClampGradient<T>{Bounds<T>(c)}, c.din(0), c.dout(), c.in(0));
  });
}

PLUGRAD_KERNELS(clamp, clamp, clamp_gradient);

}  // namespace
}  // namespace plugrad::cuda

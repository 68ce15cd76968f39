// norm: of the elements along some axes, by the order p. Sums are collected in float64.
//
//   p           y                      dx
//   2           sqrt(sum x^2)          dy x / y, 0 where y is 0
//   1           sum |x|                dy sign x
//   infinity    max |x|                dy sign x, shared evenly among the elements with |x| = y
//   -infinity   min |x|                the same
//   0           how many are not 0     0
//   else        (sum |x|^p)^(1/p)      dy sign x (|x| / y)^(p-1), 0 where x or y is 0
#include <cmath>

#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cuda/extrema.h"
#include "plugrad/backends/cuda/reduction.cuh"

namespace plugrad::cuda {
namespace {

template <class T>
struct SumOfPowers {
  using In = T;
  using Acc = double;
  using Out = T;
  static constexpr T infinity = std::numeric_limits<T>::infinity();
  double order;

  __device__ Acc start() const { return 0; }
  __device__ In neutral() const { return order < 0 ? infinity : T{0}; }
  __device__ T term(T x) const {
    if (order == 2) return x * x;
    if (order == 1) return ::fabs(x);
    if (order == 0) return x == T{0} ? T{0} : T{1};
    return ::pow(::fabs(x), static_cast<T>(order));
  }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    T terms[at_once<In>];
    for (int i = 0; i < at_once<In>; ++i) terms[i] = term(x[i]);
    acc += double{tree_sum<at_once<In>, T>(terms)};
  }
  __device__ Acc operator()(Acc a, Acc b) const { return a + b; }
  __device__ Out finish(Acc acc) const {
    if (order == 2) return static_cast<Out>(::sqrt(acc));
    return static_cast<Out>(order == 1 || order == 0 ? acc : ::pow(acc, 1 / order));
  }
};

void norm(const Call& c) {
  const DLTensor& x = c.in(0);
  const double order = c.real(2);
  common::ReducedAxes reduced;
  common::mark_axes(c, x.ndim, reduced);
  if (std::isinf(order)) return extremum_over(c, x, reduced, c.out(), order < 0, true);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    reduce(c, SumOfPowers<T>{order}, x, reduced, plugin::data<T>(c.out()));
  });
}

template <class T>
__device__ T times_sign(T dy, T x) {
  if (x > T{0}) return dy;
  return x < T{0} ? -dy : dy * x;  // 0, or NaN
}
struct PowerGradient {
  double order;
  template <class T>
  __device__ T operator()(T dy, T x, T y) const {
    if (order == 1) return times_sign(dy, x);
    if (x == T{0} || y == T{0} || order == 0) return T{0};
    if (order == 2) return dy * x / y;
    return times_sign(dy, x) * ::pow(::fabs(x) / y, static_cast<T>(order - 1));
  }
};
struct MagnitudeHit {
  template <class T>
  __device__ T operator()(T x, T y) const {
    return ::fabs(x) == y ? T{1} : T{0};
  }
};
struct TimesSign {
  template <class T>
  __device__ T operator()(T dy, T x) const {
    return times_sign(dy, x);
  }
};

void norm_gradient(const Call& c) {
  const DLTensor &x = c.in(0), &dx = c.din(0);
  const double order = c.real(2);
  common::ReducedAxes reduced;
  int64_t strides[2][PLUGRAD_MAX_NDIM];
  common::mark_axes(c, x.ndim, reduced);
  const DLTensor y = common::repeated_along(c.out(), x, reduced, strides[0]);
  const DLTensor dy = common::repeated_along(c.dout(), x, reduced, strides[1]);
  if (!std::isinf(order)) return map_floating(c, PowerGradient{order}, dx, dy, x, y);
  map_floating(c, MagnitudeHit{}, dx, x, y);
  share_among_hits(c, reduced);
  map_floating(c, TimesSign{}, dx, dx, x);
}

PLUGRAD_KERNELS(norm, norm, norm_gradient);

}  // namespace
}  // namespace plugrad::cuda

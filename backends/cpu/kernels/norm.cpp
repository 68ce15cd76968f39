// norm: of the elements along some axes, by the order p. Sums are collected in float64.
//   p           y                      dx
//   2           sqrt(sum x^2)          dy x / y, 0 where y is 0
//   1           sum |x|                dy sign x
//   infinity    max |x|                dy sign x, shared evenly among the elements with |x| = y
//   -infinity   min |x|                the same
//   0           how many are not 0     0
//   else        (sum |x|^p)^(1/p)      dy sign x (|x| / y)^(p-1), 0 where x or y is 0
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/norm.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/shares-inl.h"

#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

template <class T>
struct SumOfSquares : Sum<T> {
  template <class D, class V>
  static HWY_INLINE V term(D, V x) {
    return hn::Mul(x, x);
  }
  static double result(double sum, double repeats, double) { return std::sqrt(sum * repeats); }
};
template <class T>
struct SumOfMagnitudes : Sum<T> {
  template <class D, class V>
  static HWY_INLINE V term(D, V x) {
    return hn::Abs(x);
  }
};

// The orders that are rare.
template <class T>
struct Power {
  using In = T;
  using Accumulator = double;
  using Out = T;
  double order = 0;

  bool largest() const { return std::isinf(order) && order > 0; }
  bool smallest() const { return std::isinf(order) && order < 0; }
  double start() const { return smallest() ? -order : 0; }
  double term(T x) const {
    if (order == 0) return x == 0 ? 0 : 1;
    const auto magnitude = static_cast<double>(std::abs(x));
    return std::isinf(order) ? magnitude : std::pow(magnitude, order);
  }
  double of(double a, double b) const {
    if (largest()) return b > a || b != b ? b : a;
    if (smallest()) return b < a || b != b ? b : a;
    return a + b;
  }
  T result(double all, int64_t repeats) const {
    if (!std::isinf(order)) all *= static_cast<double>(repeats);
    const bool rooted = !std::isinf(order) && order != 0;
    return static_cast<T>(rooted ? std::pow(all, 1 / order) : all);
  }
};

void norm(const Call& c) {
  const DLTensor &x = c.in(0), &out = c.out();
  const double order = c.real(2);
  common::ReducedAxes reduced;
  common::mark_axes(c, x.ndim, reduced);
  plugin::with_floating(out.dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    if (order == 2) Reduction(x, reduced, out, VectorReducer<SumOfSquares<T>, T>()).run(c);
    else if (order == 1) Reduction(x, reduced, out, VectorReducer<SumOfMagnitudes<T>, T>()).run(c);
    else Reduction(x, reduced, out, PlainReducer<Power<T>>({order})).run(c);
  });
}

struct LengthGradient {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x, V y) const {
    return hn::IfThenZeroElse(hn::Eq(y, hn::Zero(d)), hn::Div(hn::Mul(dy, x), y));
  }
};
// dy sign x; NaN where x is.
struct TimesSign {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    const V zero = hn::Zero(d);
    const V not_above = hn::IfThenElse(hn::Lt(x, zero), hn::Neg(dy), hn::Mul(dy, x));
    return hn::IfThenElse(hn::Gt(x, zero), dy, not_above);
  }
};
struct PowerGradient {
  static constexpr bool heavy = true;
  double order;
  template <class T>
  HWY_INLINE T operator()(T dy, T x, T y) const {
    if (x == 0 || y == 0) return 0;
    return (x < 0 ? -dy : dy) * std::pow(std::abs(x) / y, static_cast<T>(order - 1));
  }
};
struct MagnitudeHit {
  template <class T>
  HWY_INLINE T operator()(T x, T y) const {
    return std::abs(x) == y ? T{1} : T{0};
  }
};

template <class T>
void gradient_of(const Call& c, const common::ReducedAxes& reduced, double order) {
  const DLTensor &x = c.in(0), &dx = c.din(0);
  int64_t strides[2][PLUGRAD_MAX_NDIM];
  const DLTensor y = common::repeated_along(c.out(), x, reduced, strides[0]);
  const DLTensor dy = common::repeated_along(c.dout(), x, reduced, strides[1]);
  if (order == 0) return fill(c.threads(), data<T>(dx), size(dx), T{0});
  if (order == 1) return map<T>(c, TimesSign{}, dx, dy, x);
  if (order == 2) return map<T>(c, LengthGradient{}, dx, dy, x, y);
  if (!std::isinf(order)) return PlainMap<T, T, T, T>::run(c, PowerGradient{order}, dx, dy, x, y);
  PlainMap<T, T, T>::run(c, MagnitudeHit{}, dx, x, y);
  share_among_hits<T>(c, reduced);
  map<T>(c, TimesSign{}, dx, dx, x);
}
void norm_gradient(const Call& c) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  plugin::with_floating(c.din(0).dtype, [&](auto t) HWY_ATTR {
    gradient_of<typename decltype(t)::type>(c, reduced, c.real(2));
  });
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(norm);
}  // namespace plugrad::cpu
#endif

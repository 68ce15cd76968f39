// sum, sum_to, mean and prod.
//   sum, sum_to: forward only
//   mean: y = sum(x) / n; dx = dy / n
//   prod: y = product of x; dx = dy a b, a being the product of the elements before x, and b of those behind
// Floats are added up in blocks of vectors, whose sums are added up in float64, and multiplied in float64.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/reduce.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cpu/reducers-inl.h"
#include "plugrad/backends/cpu/scan.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

template <class T>
void sum_of(const Call& c, const common::ReducedAxes& reduced, double divisor) {
  const VectorReducer<Sum<T>, T> r(divisor);
  const DLTensor &x = c.in(0), &out = c.out();
  if (size(out) == 1 && size(x) < 2 * light_grain && contiguous(x))
    *data<T>(out) = r.result(fold<Sum<T>>(data<const T>(x), size(x)), 1);
  else Reduction(x, reduced, out, r).run(c);
}
void sum_floats(const Call& c, const common::ReducedAxes& reduced, double divisor = 1) {
  if (plugin::is(c.out().dtype, kDLFloat, 32)) return sum_of<float>(c, reduced, divisor);
  if (plugin::is(c.out().dtype, kDLFloat, 64)) return sum_of<double>(c, reduced, divisor);
  unsupported_dtype();
}

// Integers and bools, added up modulo 2^64.
template <class T, class Result>
struct IntegerSum {
  using In = T;
  using Accumulator = uint64_t;
  using Out = Result;
  uint64_t start() const { return 0; }
  uint64_t term(In x) const { return static_cast<uint64_t>(x); }
  uint64_t of(uint64_t x, uint64_t y) const { return x + y; }
  Out result(uint64_t sum, int64_t repeats) const {
    return static_cast<Out>(sum * static_cast<uint64_t>(repeats));
  }
};
template <class Kind>
void reduce(const Call& c, const common::ReducedAxes& reduced) {
  Reduction(c.in(0), reduced, c.out(), PlainReducer<Kind>()).run(c);
}

void sum(const Call& c) {
  const DLDataType type = c.in(0).dtype;
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  if (type.code == kDLFloat) return sum_floats(c, reduced);
  if (plugin::is(type, PLUGRAD_DL_BOOL, 8)) return reduce<IntegerSum<uint8_t, int64_t>>(c, reduced);
  if (plugin::is(type, kDLInt, 32)) return reduce<IntegerSum<int32_t, int64_t>>(c, reduced);
  if (plugin::is(type, kDLInt, 64)) return reduce<IntegerSum<int64_t, int64_t>>(c, reduced);
  unsupported_dtype();
}

void sum_to(const Call& c) {
  const DLDataType type = c.out().dtype;
  common::ReducedAxes reduced;
  common::mark_broadcast_axes(c.in(0), c.out(), reduced);
  if (type.code == kDLFloat) return sum_floats(c, reduced);
  if (plugin::is(type, kDLInt, 32)) return reduce<IntegerSum<int32_t, int32_t>>(c, reduced);
  if (plugin::is(type, kDLInt, 64)) return reduce<IntegerSum<int64_t, int64_t>>(c, reduced);
  unsupported_dtype();
}

void mean(const Call& c) {
  const DLTensor& x = c.in(0);
  common::ReducedAxes reduced;
  common::mark_axes(c, x.ndim, reduced);
  sum_floats(c, reduced, common::reduced_count(x, reduced));
}

struct DivideBy {
  double n;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(x, hn::Set(d, static_cast<hn::TFromD<D>>(n)));
  }
};
void mean_gradient(const Call& c) {
  const DLTensor &dy = c.dout(), &dx = c.din(0);
  if (size(dx) == 0) return;
  const double n = static_cast<double>(size(dx) / size(dy));
  if (size(dy) == 1) {
    if (plugin::is(dx.dtype, kDLFloat, 32))
      return fill(c.threads(), data<float>(dx), size(dx), *data<float>(dy) / static_cast<float>(n));
    if (plugin::is(dx.dtype, kDLFloat, 64))
      return fill(c.threads(), data<double>(dx), size(dx), *data<double>(dy) / n);
  }
  common::ReducedAxes reduced;
  int64_t strides[PLUGRAD_MAX_NDIM];
  common::mark_axes(c, dx.ndim, reduced);
  map_floating(c, DivideBy{n}, dx, common::repeated_along(dy, dx, reduced, strides));
}

template <class T>
struct FloatProduct {
  using In = T;
  using Accumulator = double;
  using Out = T;
  double start() const { return 1; }
  double term(T x) const { return static_cast<double>(x); }
  double of(double x, double y) const { return x * y; }
  T result(double product, int64_t repeats) const {
    return static_cast<T>(repeats == 1 ? product : std::pow(product, static_cast<double>(repeats)));
  }
};
// Modulo 2^64.
struct IntegerProduct {
  using In = int64_t;
  using Accumulator = uint64_t;
  using Out = int64_t;
  uint64_t start() const { return 1; }
  uint64_t term(int64_t x) const { return static_cast<uint64_t>(x); }
  uint64_t of(uint64_t x, uint64_t y) const { return x * y; }
  int64_t result(uint64_t product, int64_t repeats) const {
    uint64_t power = 1;
    for (; repeats > 0; repeats /= 2, product *= product)
      if (repeats % 2 == 1) power *= product;
    return static_cast<int64_t>(power);
  }
};

void prod(const Call& c) {
  const DLDataType type = c.out().dtype;
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  if (plugin::is(type, kDLFloat, 32)) return reduce<FloatProduct<float>>(c, reduced);
  if (plugin::is(type, kDLFloat, 64)) return reduce<FloatProduct<double>>(c, reduced);
  if (plugin::is(type, kDLInt, 64)) return reduce<IntegerProduct>(c, reduced);
  unsupported_dtype();
}

// Nothing is divided by, so that zeros are as good as other numbers.
template <class T>
void prod_gradient_of(const Call& c, const common::ReducedAxes& reduced) {
  const DLTensor &x = c.in(0), &dx = c.din(0);
  int64_t strides[PLUGRAD_MAX_NDIM];
  const DLTensor dy_view = common::repeated_along(c.dout(), x, reduced, strides);
  const T *values = data<const T>(x), *dy = data<const T>(dy_view);
  T* out = data<T>(dx);
  double* before = c.workspace<double>(size(x));  // laid out as dx is
  scan(c.threads(), ScanAxes<2>(x, {&x, &dx}, reduced, false), 1.0,
       [=](double& product, const int64_t(&place)[2]) {
         before[place[1]] = product;
         product *= static_cast<double>(values[place[0]]);
       });
  scan(c.threads(), ScanAxes<3>(x, {&x, &dx, &dy_view}, reduced, true), 1.0,
       [=](double& product, const int64_t(&place)[3]) {
         out[place[1]] = static_cast<T>(before[place[1]] * product * static_cast<double>(dy[place[2]]));
         product *= static_cast<double>(values[place[0]]);
       });
}
void prod_gradient(const Call& c) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  if (plugin::is(c.din(0).dtype, kDLFloat, 32)) return prod_gradient_of<float>(c, reduced);
  if (plugin::is(c.din(0).dtype, kDLFloat, 64)) return prod_gradient_of<double>(c, reduced);
  unsupported_dtype();
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_FORWARD(sum);
PLUGRAD_CPU_FORWARD(sum_to);
PLUGRAD_CPU_KERNELS(mean);
PLUGRAD_CPU_KERNELS(prod);
}  // namespace plugrad::cpu
#endif

// sum, sum_to, mean and prod.
//
//   sum, sum_to   y = sum x            (forward only)
//   mean          y = sum x / n        dx = dy / n, repeated
//   prod          y = product of x     dx = dy a b, a being the product of the elements before x, and b of
//                                      those behind; nothing is divided by, so that zeros do no harm
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cuda/reduction.cuh"
#include "plugrad/backends/cuda/scan.cuh"
#include "plugrad/backends/cuda/sums.h"

namespace plugrad::cuda {
namespace {

void sum(const Call& c) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  sum_over(c, c.in(0), reduced, c.out());
}

void sum_to(const Call& c) {
  common::ReducedAxes reduced;
  common::mark_broadcast_axes(c.in(0), c.out(), reduced);
  sum_over(c, c.in(0), reduced, c.out());
}

void mean(const Call& c) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  sum_over(c, c.in(0), reduced, c.out(), common::reduced_count(c.in(0), reduced));
}

struct DivideBy {
  double n;
  template <class T>
  __device__ T operator()(T x) const {
    return x / static_cast<T>(n);
  }
};

void mean_gradient(const Call& c) {
  const DLTensor& dx = c.din(0);
  common::ReducedAxes reduced;
  int64_t strides[PLUGRAD_MAX_NDIM];
  common::mark_axes(c, dx.ndim, reduced);
  const DivideBy divide{common::reduced_count(dx, reduced)};
  map_floating(c, divide, dx, common::repeated_along(c.dout(), dx, reduced, strides));
}

// Floats are multiplied in float64; products of integers wrap.
template <class T>
struct Product {
  using In = T;
  using Acc = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;
  using Out = T;

  __device__ Acc start() const { return 1; }
  __device__ In neutral() const { return 1; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    for (const In& value : x) acc *= static_cast<Acc>(value);
  }
  __device__ Acc operator()(Acc a, Acc b) const { return a * b; }
  __device__ Out finish(Acc acc) const { return static_cast<Out>(acc); }
};

void prod(const Call& c) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  const auto run = [&]<class T>(Type<T>) {
    reduce(c, Product<T>(), c.in(0), reduced, plugin::data<T>(c.out()));
  };
  if (c.out().dtype.code == kDLInt) run(Type<int64_t>{});
  else with_floating(c.out().dtype, run);
}

template <class T>
struct RunningProduct {
  using Running = double;

  __device__ double start() const { return 1; }
  __device__ double operator()(double a, double b) const { return a * b; }
  template <int N>
  __device__ double element(const Place<N>& place) const {
    return static_cast<double>(*place.template at<const T>(0));
  }
};
// Operands: x, the products before.
template <class T>
struct ProductsBefore : RunningProduct<T> {
  __device__ void write(const Place<2>& place, double before, double) const { *place.at<double>(1) = before; }
};
// Backwards. Operands: x, the products before, dy, dx.
template <class T>
struct ProductsBehind : RunningProduct<T> {
  __device__ void write(const Place<4>& place, double behind, double) const {
    *place.at<T>(3) = static_cast<T>(*place.at<const double>(1) * behind * *place.at<const T>(2));
  }
};

void prod_gradient(const Call& c) {
  const DLTensor &x = c.in(0), &dx = c.din(0);
  common::ReducedAxes reduced;
  int64_t strides[PLUGRAD_MAX_NDIM];
  common::mark_axes(c, x.ndim, reduced);
  const DLTensor dy = common::repeated_along(c.dout(), x, reduced, strides);
  DLTensor before = dx;
  before.data = c.workspace<double>(plugin::size(x));
  before.byte_offset = 0;
  before.dtype.bits = 64;
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    scan(c, ProductsBefore<T>(), ScanArrays<2>(x, {&x, &before}, reduced, false));
    scan(c, ProductsBehind<T>(), ScanArrays<4>(x, {&x, &before, &dy, &dx}, reduced, true));
  });
}

PLUGRAD_FORWARD(sum, sum);
PLUGRAD_FORWARD(sum_to, sum_to);
PLUGRAD_KERNELS(mean, mean, mean_gradient);
PLUGRAD_KERNELS(prod, prod, prod_gradient);

}  // namespace
}  // namespace plugrad::cuda

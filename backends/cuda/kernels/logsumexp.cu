// logsumexp: y = m + log sum e^(x-m), m being the largest finite element.
// dx = dy e^(x-y), 0 where y is -infinity
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cuda/reduction.cuh"

namespace plugrad::cuda {
namespace {

// Finds both in one walk: when a larger maximum turns up, the sum is scaled to it.
//
// The maximum is kept finite, so that no difference of two is NaN. NaN is no maximum; it and infinity come
// back in the sum, which is 0 where all elements are -infinity.
template <class T>
struct SumOfExponentials {
  using In = T;
  struct Acc {
    T max;
    double sum;
  };
  using Out = T;
  static constexpr T most = std::numeric_limits<T>::max(), none = -std::numeric_limits<T>::infinity();

  __device__ Acc start() const { return {-most, 0}; }
  __device__ In neutral() const { return none; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    T m = acc.max, terms[at_once<In>];
    for (const In& value : x) m = value > m ? value : m;
    m = m > most ? most : m;
    for (int i = 0; i < at_once<In>; ++i) terms[i] = ::exp(x[i] - m);
    acc = {m, acc.sum * double{::exp(acc.max - m)} + double{tree_sum<at_once<In>, T>(terms)}};
  }
  __device__ Acc operator()(Acc a, Acc b) const {
    const bool first = a.max > b.max;
    const Acc &larger = first ? a : b, &smaller = first ? b : a;
    return {larger.max, larger.sum + smaller.sum * double{::exp(smaller.max - larger.max)}};
  }
  __device__ Out finish(Acc acc) const { return static_cast<Out>(double{acc.max} + ::log(acc.sum)); }
};

void logsumexp(const Call& c) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    reduce(c, SumOfExponentials<T>(), c.in(0), reduced, plugin::data<T>(c.out()));
  });
}

struct Slope {
  template <class T>
  __device__ T operator()(T dy, T x, T y) const {
    return y == SumOfExponentials<T>::none ? T{0} : dy * ::exp(x - y);
  }
};
void logsumexp_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  common::ReducedAxes reduced;
  int64_t strides[2][PLUGRAD_MAX_NDIM];
  common::mark_axes(c, x.ndim, reduced);
  map_floating(c, Slope{}, c.din(0), common::repeated_along(c.dout(), x, reduced, strides[0]), x,
               common::repeated_along(c.out(), x, reduced, strides[1]));
}

PLUGRAD_KERNELS(logsumexp, logsumexp, logsumexp_gradient);

}  // namespace
}  // namespace plugrad::cuda

#include "plugrad/backends/cuda/sums.h"

#include "plugrad/backends/cuda/reduction.cuh"

namespace plugrad::cuda {
namespace {

// Sums wrap.
template <class T, class Result>
struct IntegerSum {
  using In = T;
  using Acc = uint64_t;
  using Out = Result;

  __device__ Acc start() const { return 0; }
  __device__ In neutral() const { return 0; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    for (const In& value : x) acc += static_cast<Acc>(static_cast<int64_t>(value));
  }
  __device__ Acc operator()(Acc a, Acc b) const { return a + b; }
  __device__ Out finish(Acc acc) const { return static_cast<Out>(acc); }
};

template <class R>
void reduce_to(const Call& c, const R& r, const DLTensor& x, const bool* reduced, const DLTensor& out) {
  reduce(c, r, x, reduced, plugin::data<typename R::Out>(out));
}

}  // namespace

void sum_over(const Call& c, const DLTensor& x, const bool* reduced, const DLTensor& out, double n) {
  with_any(x.dtype, [&]<class T>(Type<T>) {
    if constexpr (std::is_floating_point_v<T>) return reduce_to(c, FloatingSum<T>{n}, x, reduced, out);
    else if (out.dtype.bits == 64) return reduce_to(c, IntegerSum<T, int64_t>(), x, reduced, out);
    if constexpr (std::is_same_v<T, int32_t>) reduce_to(c, IntegerSum<T, int32_t>(), x, reduced, out);
  });
}

}  // namespace plugrad::cuda

// cumsum: y_k = the sum of x_i along an axis over i <= k, or over i >= k with `reverse`. Floats are added up
// in float64, and each result is rounded once.   dx = cumsum of dy the other way (no kernel)
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cuda/scan.cuh"

namespace plugrad::cuda {
namespace {

// Operands: x, y. Integers wrap.
template <class T>
struct RunningSum {
  using Running = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

  __device__ Running start() const { return 0; }
  __device__ Running operator()(Running a, Running b) const { return a + b; }
  __device__ Running element(const Place<2>& place) const {
    return static_cast<Running>(*place.at<const T>(0));
  }
  __device__ void write(const Place<2>& place, Running before, Running element) const {
    *place.at<T>(1) = static_cast<T>(before + element);
  }
};

void cumsum(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  common::ReducedAxes passed;
  common::mark_axis(c, x.ndim, passed);
  const ScanArrays<2> arrays(x, {&x, &y}, passed, c.integer(1) != 0);
  if (y.dtype.code == kDLInt) return scan(c, RunningSum<int64_t>(), arrays);
  with_floating(y.dtype, [&]<class T>(Type<T>) { scan(c, RunningSum<T>(), arrays); });
}

PLUGRAD_FORWARD(cumsum, cumsum);

}  // namespace
}  // namespace plugrad::cuda

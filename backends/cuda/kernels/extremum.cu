// max, min, argmax and argmin.
//
//   max, min         y = max x, min x            dx = dy / k for each of the k elements equal to y, else 0
//   argmax, argmin   y = the first index of it   (forward only)
// NaN counts as beyond all numbers, and as equal to NaN.
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cuda/elementwise.cuh"
#include "plugrad/backends/cuda/extrema.h"

namespace plugrad::cuda {
namespace {

void extremum(const Call& c, bool smallest) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  extremum_over(c, c.in(0), reduced, c.out(), smallest);
}
void max(const Call& c) { extremum(c, false); }
void min(const Call& c) { extremum(c, true); }

struct Hit {
  template <class T>
  __device__ T operator()(T x, T y) const {
    return x == y || (x != x && y != y) ? T{1} : T{0};
  }
};
void extremum_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  common::ReducedAxes reduced;
  int64_t strides[PLUGRAD_MAX_NDIM];
  common::mark_axes(c, x.ndim, reduced);
  map_floating(c, Hit{}, c.din(0), x, common::repeated_along(c.out(), x, reduced, strides));
  share_among_hits(c, reduced);
}

void place_of_extremum(const Call& c, bool smallest) {
  common::ReducedAxes reduced;
  common::mark_axis(c, c.in(0).ndim, reduced);
  first_extremum_along(c, c.in(0), reduced, c.out(), smallest);
}
void argmax(const Call& c) { place_of_extremum(c, false); }
void argmin(const Call& c) { place_of_extremum(c, true); }

PLUGRAD_KERNELS(max, max, extremum_gradient);
PLUGRAD_KERNELS(min, min, extremum_gradient);
PLUGRAD_FORWARD(argmax, argmax);
PLUGRAD_FORWARD(argmin, argmin);

}  // namespace
}  // namespace plugrad::cuda

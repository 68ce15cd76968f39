// var and stddev; m is the mean of the n elements, and f is n - correction, at least 0.
//
//   var      y = sum (x - m)^2 / f           dx = 2 dy (x - m) / f
//   stddev   y = sqrt(sum (x - m)^2 / f)     dx = dy (x - m) / (f y), 0 where y = 0
// What a thread takes at once is taken in two passes, and put together with the rest as Chan, Golub and
// LeVeque do, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979.
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cuda/reduction.cuh"

namespace plugrad::cuda {
namespace {

template <class T>
struct SquaredDistances {
  using In = T;
  struct alignas(32) Acc {  // a power of 2
    double mean, squares;
    int64_t n;
  };
  using Out = T;
  double degrees_of_freedom;
  bool rooted;

  __device__ Acc start() const { return {0, 0, 0}; }
  __device__ In neutral() const { return 0; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions positions) const {
    T sum = 0, left = 0, squares = 0;
    int n = 0;
    for (int i = 0; i < at_once<In>; ++i) {
      sum += x[i];
      n += positions.has(i) ? 1 : 0;
    }
    if (n == 0) return;
    const T mean = sum / static_cast<T>(n);
    for (int i = 0; i < at_once<In>; ++i) {
      const T distance = positions.has(i) ? x[i] - mean : T{0};
      left += distance;
      squares += distance * distance;
    }
    const T of_mean = left / static_cast<T>(n);
    acc = (*this)(acc, {double{mean} + double{of_mean}, double{squares - left * of_mean}, n});
  }
  // Means differ by no more than elements do: the precision of T does for what that adds.
  __device__ Acc operator()(Acc a, Acc b) const {
    if (a.n == 0) return b;
    if (b.n == 0) return a;
    const int64_t n = a.n + b.n;
    const T part = static_cast<T>(b.n) / static_cast<T>(n);
    const T distance = static_cast<T>(b.mean - a.mean);
    const T squares = distance * (distance * (static_cast<T>(a.n) * part));
    return {a.mean + double{distance * part}, a.squares + (b.squares + double{squares}), n};
  }
  __device__ Out finish(Acc acc) const {
    const double y = acc.squares / degrees_of_freedom;
    return static_cast<Out>(rooted ? ::sqrt(y) : y);
  }
};

// The mean in float64: what it loses in float32 may be as large as the distances.
template <class T>
struct Mean : SquaredDistances<T> {
  using Out = double;
  __device__ double finish(typename SquaredDistances<T>::Acc acc) const { return acc.mean; }
};

double degrees_of_freedom(const Call& c, const common::ReducedAxes& reduced) {
  return std::max(common::reduced_count(c.in(0), reduced) - c.real(2), 0.0);
}

void forward(const Call& c, bool rooted) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  const double f = degrees_of_freedom(c, reduced);
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    reduce(c, SquaredDistances<T>{f, rooted}, c.in(0), reduced, plugin::data<T>(c.out()));
  });
}

// What a distance from the mean is multiplied by.
struct VarSlope {
  double degrees_of_freedom;
  template <class T>
  __device__ T operator()(T dy) const {
    return dy * static_cast<T>(2 / degrees_of_freedom);
  }
};
struct StddevSlope {
  double degrees_of_freedom;
  template <class T>
  __device__ T operator()(T dy, T y) const {
    return y == T{0} ? T{0} : dy / (static_cast<T>(degrees_of_freedom) * y);
  }
};
struct TimesDistance {
  template <class T>
  __device__ T operator()(T slope, T x, double mean) const {
    return slope * static_cast<T>(double{x} - mean);
  }
};

void gradient(const Call& c, bool rooted) {
  const DLTensor &x = c.in(0), &dx = c.din(0), &dy = c.dout();
  common::ReducedAxes reduced;
  common::mark_axes(c, x.ndim, reduced);
  const double f = degrees_of_freedom(c, reduced);
  with_floating(dx.dtype, [&]<class T>(Type<T>) {
    int64_t compact[PLUGRAD_MAX_NDIM], strides[2][PLUGRAD_MAX_NDIM], n = 1;
    for (int i = dy.ndim; i-- > 0; n *= dy.shape[i]) compact[i] = n;
    DLTensor slope = dy, mean = dy;
    slope.strides = mean.strides = compact;
    slope.byte_offset = mean.byte_offset = 0;
    slope.data = c.workspace<T>(n);
    mean.data = c.workspace<double>(n);
    mean.dtype.bits = 64;
    if (rooted) map<T, T, T>(c, StddevSlope{f}, slope, dy, c.out());
    else map<T, T>(c, VarSlope{f}, slope, dy);
    reduce(c, Mean<T>(), x, reduced, plugin::data<double>(mean));
    map<T, T, T, double>(c, TimesDistance{}, dx, common::repeated_along(slope, x, reduced, strides[0]), x,
                         common::repeated_along(mean, x, reduced, strides[1]));
  });
}

void var(const Call& c) { forward(c, false); }
void var_gradient(const Call& c) { gradient(c, false); }
void stddev(const Call& c) { forward(c, true); }
void stddev_gradient(const Call& c) { gradient(c, true); }

PLUGRAD_KERNELS(var, var, var_gradient);
PLUGRAD_KERNELS(stddev, stddev, stddev_gradient);

}  // namespace
}  // namespace plugrad::cuda

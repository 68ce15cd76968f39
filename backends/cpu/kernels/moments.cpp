// var and stddev; m is the mean of the n elements, and f is n - correction, at least 0.
//   var: y = sum (x - m)^2 / f; dx = 2 dy (x - m) / f
//   stddev: y = sqrt(sum (x - m)^2 / f); dx = dy (x - m) / (f y), 0 where y = 0
// Blocks of elements are taken in two passes, and put together as Chan, Golub and LeVeque do, "Updating
// Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/moments.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cpu/block_reducer-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

double degrees_of_freedom(const Call& c, const common::ReducedAxes& reduced) {
  return std::max(common::reduced_count(c.in(0), reduced) - c.real(2), 0.0);
}

template <class T>
struct SquaredDistances {
  using In = T;
  using Out = T;
  struct Accumulator {
    double n = 0, mean = 0, squares = 0;
    void merge(const Accumulator& b) {
      const double both = n + b.n, distance = b.mean - mean, part = b.n / both;
      squares += b.squares + distance * (distance * (n * part));
      mean += distance * part;
      n = both;
    }
  };
  // A mean, the sum of distances from it, which rounding has left, and that of their squares.
  struct Found {
    T mean[lanes<T>], distances[lanes<T>], squares[lanes<T>];
  };
  double degrees_of_freedom;
  bool rooted;

  template <bool row>
  static HWY_INLINE Found of(const Block<T>& block) {
    const Full<T> d;
    auto sum = hn::Zero(d), distances = sum, squares = sum;
    for (int64_t i = 0; i < block.n; ++i) sum = hn::Add(sum, block[i]);
    if (row) sum = hn::SumOfLanes(d, sum);
    const auto mean = hn::Div(sum, hn::Set(d, static_cast<T>(row ? block.n * block.count : block.n)));
    for (int64_t i = 0; i < block.n; ++i) {
      const auto distance = hn::Sub(block[i], mean);
      distances = hn::Add(distances, distance);
      squares = hn::MulAdd(distance, distance, squares);
    }
    if (row) {
      distances = hn::SumOfLanes(d, block.used(distances, 0));
      squares = hn::SumOfLanes(d, block.used(squares, 0));
    }
    Found found;
    hn::StoreU(mean, d, found.mean);
    hn::StoreU(distances, d, found.distances);
    hn::StoreU(squares, d, found.squares);
    return found;
  }
  static Accumulator at(const Found& found, int64_t lane, int64_t elements) {
    const double n = static_cast<double>(elements), left = static_cast<double>(found.distances[lane]);
    return {n, static_cast<double>(found.mean[lane]) + left / n,
            static_cast<double>(found.squares[lane]) - left * left / n};
  }
  T result(const Accumulator& a, double repeats) const {
    const double y = a.squares * repeats / degrees_of_freedom;
    return static_cast<T>(rooted ? std::sqrt(y) : y);
  }
};

// The mean in float64: what it loses in float32 may be as large as the distances.
template <class T>
struct Mean : SquaredDistances<T> {
  using Out = double;
  double result(const typename SquaredDistances<T>::Accumulator& a, double) const { return a.mean; }
};

void forward(const Call& c, bool rooted) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  const double f = degrees_of_freedom(c, reduced);
  plugin::with_floating(c.out().dtype, [&](auto t) HWY_ATTR {
    using Kind = SquaredDistances<typename decltype(t)::type>;
    Reduction(c.in(0), reduced, c.out(), BlockReducer<Kind>(Kind{f, rooted})).run(c);
  });
}

// What a distance from the mean is multiplied by: from dy, and y.
struct VarSlope {
  double degrees_of_freedom;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy) const {
    return hn::Mul(dy, hn::Set(d, static_cast<hn::TFromD<D>>(2 / degrees_of_freedom)));
  }
};
struct StddevSlope {
  double degrees_of_freedom;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V y) const {
    const V slope = hn::Div(dy, hn::Mul(y, hn::Set(d, static_cast<hn::TFromD<D>>(degrees_of_freedom))));
    return hn::IfThenZeroElse(hn::Eq(y, hn::Zero(d)), slope);
  }
};
struct TimesDistance {
  template <class T>
  HWY_INLINE T operator()(T slope, T x, double mean) const {
    return slope * static_cast<T>(static_cast<double>(x) - mean);
  }
};

void gradient(const Call& c, bool rooted) {
  const DLTensor &x = c.in(0), &dx = c.din(0), &dy = c.dout();
  common::ReducedAxes reduced;
  common::mark_axes(c, x.ndim, reduced);
  const double f = degrees_of_freedom(c, reduced);
  plugin::with_floating(dx.dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    int64_t compact[PLUGRAD_MAX_NDIM], strides[2][PLUGRAD_MAX_NDIM], n = 1;
    for (int i = dy.ndim; i-- > 0; n *= dy.shape[i]) compact[i] = n;
    DLTensor slope = dy, mean = dy;
    slope.strides = mean.strides = compact;
    slope.byte_offset = mean.byte_offset = 0;
    slope.data = c.workspace<T>(n);
    mean.data = c.workspace<double>(n);
    if (rooted) map<T>(c, StddevSlope{f}, slope, dy, c.out());
    else map<T>(c, VarSlope{f}, slope, dy);
    Reduction(x, reduced, mean, BlockReducer<Mean<T>>(Mean<T>())).run(c);
    PlainMap<T, T, T, double>::run(c, TimesDistance{}, dx,
                                   common::repeated_along(slope, x, reduced, strides[0]), x,
                                   common::repeated_along(mean, x, reduced, strides[1]));
  });
}

void var(const Call& c) { forward(c, false); }
void var_gradient(const Call& c) { gradient(c, false); }
void stddev(const Call& c) { forward(c, true); }
void stddev_gradient(const Call& c) { gradient(c, true); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(var);
PLUGRAD_CPU_KERNELS(stddev);
}  // namespace plugrad::cpu
#endif

// logsumexp: y = m + log sum e^(x - m), m being the largest finite element; dx = dy e^(x - y), 0 where y is
// -infinity.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/logsumexp.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cpu/block_reducer-inl.h"
#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// The maximum is kept finite, so that no difference of two is NaN. NaN is no maximum; it and infinity come
// back in the sum, which is 0 where all elements are -infinity.
template <class T>
struct SumOfExponentials {
  using In = T;
  using Out = T;
  static constexpr T most = std::numeric_limits<T>::max();
  struct Accumulator {
    double max = -most, sum = 0;
    void merge(const Accumulator& b) {
      if (sum == 0) *this = b;
      else if (b.max <= max) sum += b.sum * std::exp(b.max - max);
      else *this = {b.max, b.sum + sum * std::exp(max - b.max)};
    }
  };
  struct Found {
    T max[lanes<T>], sum[lanes<T>];
  };

  template <bool row>
  static HWY_INLINE Found of(const Block<T>& block) {
    const Full<T> d;
    auto max = hn::Set(d, -most), sum = hn::Zero(d);
    for (int64_t i = 0; i < block.n; ++i) {
      const auto x = block[i];
      max = hn::IfThenElse(hn::Gt(x, max), x, max);
    }
    if (row) max = hn::MaxOfLanes(d, block.used(max, -most));
    max = hn::Min(max, hn::Set(d, most));
    for (int64_t i = 0; i < block.n; ++i) sum = hn::Add(sum, math::exp(d, hn::Sub(block[i], max)));
    if (row) sum = hn::SumOfLanes(d, block.used(sum, 0));
    Found found;
    hn::StoreU(max, d, found.max);
    hn::StoreU(sum, d, found.sum);
    return found;
  }
  static Accumulator at(const Found& found, int64_t lane, int64_t) {
    return {static_cast<double>(found.max[lane]), static_cast<double>(found.sum[lane])};
  }
  T result(const Accumulator& a, double repeats) const {
    return static_cast<T>(a.max + std::log(a.sum * repeats));
  }
};

void logsumexp(const Call& c) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  plugin::with_floating(c.out().dtype, [&](auto t) HWY_ATTR {
    using Kind = SumOfExponentials<typename decltype(t)::type>;
    Reduction(c.in(0), reduced, c.out(), BlockReducer<Kind>(Kind())).run(c);
  });
}

struct Slope {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x, V y) const {
    const V none = hn::Set(d, -std::numeric_limits<hn::TFromD<D>>::infinity());
    return hn::IfThenZeroElse(hn::Eq(y, none), hn::Mul(dy, math::exp(d, hn::Sub(x, y))));
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

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(logsumexp);
}  // namespace plugrad::cpu
#endif

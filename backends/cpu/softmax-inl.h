// The exponentials and sums that softmax, its logarithm and its loss are made of: along a compact row, or
// along the columns of a strip of neighbouring columns. Compiled once per instruction set.
#if defined(PLUGRAD_BACKENDS_CPU_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BACKENDS_CPU_SOFTMAX_INL_H_
#undef PLUGRAD_BACKENDS_CPU_SOFTMAX_INL_H_
#else
#define PLUGRAD_BACKENDS_CPU_SOFTMAX_INL_H_
#endif

#include <cmath>
#include <limits>

#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {

// The maximum of a row; NaN does not count: it comes back in the sum.
template <class T>
HWY_INLINE T row_max(const T* x, int64_t n) {
  const Full<T> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  T best = -std::numeric_limits<T>::infinity();
  int64_t i = 0;
  if (n >= step) {
    auto v = hn::Set(d, best);
    for (; i + step <= n; i += step) {
      const auto next = hn::LoadU(d, x + i);
      v = hn::IfThenElse(hn::Gt(next, v), next, v);
    }
    best = hn::GetLane(hn::MaxOfLanes(d, v));
  }
  for (; i < n; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

// Calls f(d, offset, count of elements) for the vectors of a row; count is less than the lanes for the last
// alone.
template <class T, class F>
HWY_INLINE void for_each_vector(int64_t n, F&& f) {
  const Full<T> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < n; i += step) f(d, i, n - i < step ? n - i : step);
}
template <class D, class T>
HWY_INLINE hn::Vec<D> load_up_to(D d, const T* p, int64_t n) {
  return n == static_cast<int64_t>(hn::Lanes(d)) ? hn::LoadU(d, p) : load_first(d, p, n);
}
template <class D, class T>
HWY_INLINE void store_up_to(hn::Vec<D> v, D d, T* p, int64_t n) {
  if (n == static_cast<int64_t>(hn::Lanes(d))) hn::StoreU(v, d, p);
  else store_first(v, d, p, n);
}
template <class D>
HWY_INLINE hn::Vec<D> keep_first(D d, hn::Vec<D> v, int64_t n) {
  return hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(n)), v);
}

// The sum of e^(x - shift) over a row; where `e` is not null, the terms go there.
template <class T>
HWY_INLINE T row_sum_exp(const T* x, T shift, T* e, int64_t n) {
  auto sum = hn::Zero(Full<T>());
  for_each_vector<T>(n, [&](auto d, int64_t i, int64_t count) HWY_ATTR {
    const auto v = math::exp(d, hn::Sub(load_up_to(d, x + i, count), hn::Set(d, shift)));
    if (e) store_up_to(v, d, e + i, count);
    sum = hn::Add(sum, keep_first(d, v, count));
  });
  return hn::GetLane(hn::SumOfLanes(Full<T>(), sum));
}

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

// Reducers that walk over their elements once, compiled once per instruction set.
#if defined(PLUGRAD_BACKENDS_CPU_REDUCERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BACKENDS_CPU_REDUCERS_INL_H_
#undef PLUGRAD_BACKENDS_CPU_REDUCERS_INL_H_
#else
#define PLUGRAD_BACKENDS_CPU_REDUCERS_INL_H_
#endif

#include <limits>

#include "plugrad/backends/cpu/math-inl.h"
#include "plugrad/backends/cpu/reduction.h"
#include "plugrad/backends/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A kind of reduction in vectors: what is made of elements, how two partial results become one, in vectors
// and in accumulators, and what a result is.

// result = sum x / divisor
template <class T>
struct Sum {
  using Accumulator = double;
  static constexpr T identity = 0;
  template <class D, class V>
  static HWY_INLINE V term(D, V x) {
    return x;
  }
  template <class D, class V>
  static HWY_INLINE V of(D, V x, V y) {
    return hn::Add(x, y);
  }
  static HWY_INLINE double of(double x, double y) { return x + y; }
  template <class D, class V>
  static HWY_INLINE T of_lanes(D d, V v) {
    return hn::GetLane(hn::SumOfLanes(d, v));
  }
  static double result(double sum, double repeats, double divisor) { return sum * repeats / divisor; }
};
// The largest or the smallest element; NaN is beyond all numbers.
template <class T, bool largest>
struct Extremum {
  using Accumulator = T;
  using Limits = std::numeric_limits<T>;
  static constexpr T highest = Limits::has_infinity ? Limits::infinity() : Limits::max();
  static constexpr T lowest = Limits::has_infinity ? -Limits::infinity() : Limits::min();
  static constexpr T identity = largest ? lowest : highest;
  template <class D, class V>
  static HWY_INLINE V term(D, V x) {
    return x;
  }
  template <class D, class V>
  static HWY_INLINE V of(D d, V x, V y) {
    return largest ? math::maximum(d, x, y) : math::minimum(d, x, y);
  }
  static HWY_INLINE T of(T x, T y) { return (largest ? x > y : x < y) || x != x ? x : y; }
  template <class D, class V>
  static HWY_INLINE T of_lanes(D d, V v) {
    HWY_ALIGN T values[hn::MaxLanes(d)];
    hn::Store(v, d, values);
    T y = values[0];
    for (const T value : values) y = of(y, value);
    return y;
  }
  static T result(T v, double, double) { return v; }
};

// The elements [p, p + n), fewer than a vector has; the other lanes change no result.
template <class Kind, class D, class T>
HWY_INLINE hn::Vec<D> terms_of_rest(D d, const T* p, int64_t n) {
  const auto v = Kind::term(d, load_first(d, p, n));
  if constexpr (Kind::identity == 0) return v;
  else return hn::IfThenElse(hn::FirstN(d, static_cast<size_t>(n)), v, hn::Set(d, Kind::identity));
}
template <class Kind, class D, class T>
HWY_INLINE hn::Vec<D> terms(D d, const T* p) {
  return Kind::term(d, hn::LoadU(d, p));
}

// All of x[0, n): blocks, of which each lane of a register takes at most 32 elements, are put together in the
// accumulator.
template <class Kind, class T>
HWY_NOINLINE typename Kind::Accumulator fold(const T* x, int64_t n) {
  constexpr Full<T> d;
  constexpr int64_t step = lanes<T>;
  typename Kind::Accumulator total = Kind::identity;
  for (int64_t length; n > 0; n -= length, x += length) {
    length = std::min(n, 128 * step);
    auto v0 = hn::Set(d, Kind::identity), v1 = v0, v2 = v0, v3 = v0;
    int64_t i = 0;
    for (; i + 4 * step <= length; i += 4 * step) {
      v0 = Kind::of(d, v0, terms<Kind>(d, x + i));
      v1 = Kind::of(d, v1, terms<Kind>(d, x + i + step));
      v2 = Kind::of(d, v2, terms<Kind>(d, x + i + 2 * step));
      v3 = Kind::of(d, v3, terms<Kind>(d, x + i + 3 * step));
    }
    for (; i + step <= length; i += step) v0 = Kind::of(d, v0, terms<Kind>(d, x + i));
    if (i < length) v1 = Kind::of(d, v1, terms_of_rest<Kind>(d, x + i, length - i));
    total = Kind::of(total, static_cast<typename Kind::Accumulator>(
                                Kind::of_lanes(d, Kind::of(d, Kind::of(d, v0, v1), Kind::of(d, v2, v3)))));
  }
  return total;
}

// Rows x[i * stride + 0 .. w) into acc[0, w), w being at most the length of a vector. Every so many rows,
// what a register has taken is moved on to another: sums of partial sums are far more precise than long ones.
template <class Kind, class T>
HWY_INLINE void fold_narrow(const T* x, int64_t w, int64_t stride, int64_t rows,
                            typename Kind::Accumulator* acc) {
  constexpr Full<T> d;
  const bool full = w == lanes<T>;
  const auto row = [&](int64_t i) HWY_ATTR {
    return full ? terms<Kind>(d, x + i * stride) : terms_of_rest<Kind>(d, x + i * stride, w);
  };
  const auto identity = hn::Set(d, Kind::identity);
  auto total = identity;
  for (int64_t i = 0; i < rows;) {
    auto v0 = identity, v1 = identity, v2 = identity, v3 = identity;
    for (const int64_t end = std::min(rows, i + 128); i + 4 <= end; i += 4) {
      v0 = Kind::of(d, v0, row(i));
      v1 = Kind::of(d, v1, row(i + 1));
      v2 = Kind::of(d, v2, row(i + 2));
      v3 = Kind::of(d, v3, row(i + 3));
    }
    for (; i < rows && rows - i < 4; ++i) v0 = Kind::of(d, v0, row(i));
    total = Kind::of(d, total, Kind::of(d, Kind::of(d, v0, v1), Kind::of(d, v2, v3)));
  }
  HWY_ALIGN T values[hn::MaxLanes(d)];
  hn::Store(total, d, values);
  for (int64_t j = 0; j < w; ++j) acc[j] = Kind::of(acc[j], typename Kind::Accumulator{values[j]});
}
// The same for w being the length of four vectors.
template <class Kind, class T>
HWY_INLINE void fold_wide(const T* x, int64_t stride, int64_t rows, typename Kind::Accumulator* acc) {
  constexpr Full<T> d;
  constexpr int64_t step = lanes<T>;
  const auto identity = hn::Set(d, Kind::identity);
  auto t0 = identity, t1 = identity, t2 = identity, t3 = identity;
  for (int64_t i = 0; i < rows;) {
    auto v0 = identity, v1 = identity, v2 = identity, v3 = identity;
    for (const int64_t end = std::min(rows, i + 32); i < end; ++i, x += stride) {
      v0 = Kind::of(d, v0, terms<Kind>(d, x));
      v1 = Kind::of(d, v1, terms<Kind>(d, x + step));
      v2 = Kind::of(d, v2, terms<Kind>(d, x + 2 * step));
      v3 = Kind::of(d, v3, terms<Kind>(d, x + 3 * step));
    }
    t0 = Kind::of(d, t0, v0);
    t1 = Kind::of(d, t1, v1);
    t2 = Kind::of(d, t2, v2);
    t3 = Kind::of(d, t3, v3);
  }
  HWY_ALIGN T values[4 * hn::MaxLanes(d)];
  hn::Store(t0, d, values);
  hn::Store(t1, d, values + step);
  hn::Store(t2, d, values + 2 * step);
  hn::Store(t3, d, values + 3 * step);
  for (int64_t j = 0; j < 4 * step; ++j) acc[j] = Kind::of(acc[j], typename Kind::Accumulator{values[j]});
}

// Of elements and results of type T.
template <class Kind, class T>
class VectorReducer final : public Reducer {
  using Accumulator = typename Kind::Accumulator;

 public:
  explicit VectorReducer(double divisor = 1) : Reducer(sizeof(T), sizeof(Accumulator)), divisor_(divisor) {}

  void start(void* acc, int64_t n) const override {
    std::fill_n(static_cast<Accumulator*>(acc), n, Kind::identity);
  }
  void add_rows(const void* x_, int64_t n, int64_t stride, int64_t rows, void* acc_) const override {
    const T* x = static_cast<const T*>(x_);
    auto* acc = static_cast<Accumulator*>(acc_);
    for (int64_t i = 0; i < rows; ++i) acc[i] = Kind::of(acc[i], fold<Kind>(x + i * stride, n));
  }
  void add_columns(const void* x_, int64_t n, int64_t stride, int64_t rows, void* acc_) const override {
    constexpr int64_t step = lanes<T>;
    const T* x = static_cast<const T*>(x_);
    for (int64_t length; rows > 0; rows -= length, x += length * stride) {
      auto* acc = static_cast<Accumulator*>(acc_);
      length = std::min<int64_t>(rows, 1024);
      int64_t j = 0;
      for (; j + 4 * step <= n; j += 4 * step) fold_wide<Kind>(x + j, stride, length, acc + j);
      for (; j < n; j += step) fold_narrow<Kind>(x + j, std::min(step, n - j), stride, length, acc + j);
    }
  }
  void merge(const void* from_, void* acc_, int64_t n) const override {
    const auto* from = static_cast<const Accumulator*>(from_);
    auto* acc = static_cast<Accumulator*>(acc_);
    for (int64_t i = 0; i < n; ++i) acc[i] = Kind::of(acc[i], from[i]);
  }
  void finish(const void* acc_, int64_t n, int64_t repeats, void* out, int64_t first,
              int64_t stride) const override {
    const auto* acc = static_cast<const Accumulator*>(acc_);
    T* y = static_cast<T*>(out) + first;
    for (int64_t i = 0; i < n; ++i) y[i * stride] = result(acc[i], repeats);
  }
  void pack(void* to, const void* from, int64_t stride, int64_t n) const override {
    pack_run(static_cast<T*>(to), static_cast<const T*>(from), stride, n);
  }

  T result(Accumulator v, int64_t repeats) const {
    return static_cast<T>(Kind::result(v, static_cast<double>(repeats), divisor_));
  }

 private:
  double divisor_;
};

// For what is rare, or not for vectors of one type. A kind says
//   In, Accumulator, Out
//   Accumulator start()            the partial result of no elements
//   Accumulator term(In x)         that of one
//   Accumulator of(a, b)           that of both
//   Out result(acc, repeats)       where each element that was taken stands for `repeats`
template <class Kind>
class PlainReducer final : public Reducer {
  using In = typename Kind::In;
  using Accumulator = typename Kind::Accumulator;

 public:
  explicit PlainReducer(const Kind& kind = {}) : Reducer(sizeof(In), sizeof(Accumulator)), kind_(kind) {}

  void start(void* acc, int64_t n) const override {
    std::fill_n(static_cast<Accumulator*>(acc), n, kind_.start());
  }
  void add_rows(const void* x, int64_t n, int64_t stride, int64_t rows, void* acc_) const override {
    auto* acc = static_cast<Accumulator*>(acc_);
    for (int64_t i = 0; i < rows; ++i)
      acc[i] = kind_.of(acc[i], row(static_cast<const In*>(x) + i * stride, n));
  }
  void add_columns(const void* x_, int64_t n, int64_t stride, int64_t rows, void* acc_) const override {
    const Kind kind = kind_;
    auto* acc = static_cast<Accumulator*>(acc_);
    for (int64_t i = 0; i < rows; ++i) {
      const In* x = static_cast<const In*>(x_) + i * stride;
#pragma omp simd
      for (int64_t j = 0; j < n; ++j) acc[j] = kind.of(acc[j], kind.term(x[j]));
    }
  }
  void merge(const void* from_, void* acc_, int64_t n) const override {
    const auto* from = static_cast<const Accumulator*>(from_);
    auto* acc = static_cast<Accumulator*>(acc_);
    for (int64_t i = 0; i < n; ++i) acc[i] = kind_.of(acc[i], from[i]);
  }
  void finish(const void* acc, int64_t n, int64_t repeats, void* out, int64_t first,
              int64_t stride) const override {
    for (int64_t i = 0; i < n; ++i)
      static_cast<typename Kind::Out*>(out)[first + i * stride] =
          kind_.result(static_cast<const Accumulator*>(acc)[i], repeats);
  }
  void pack(void* to, const void* from, int64_t stride, int64_t n) const override {
    pack_run(static_cast<In*>(to), static_cast<const In*>(from), stride, n);
  }

 private:
  // In several partial results, which do not wait for each other.
  Accumulator row(const In* x, int64_t n) const {
    constexpr int64_t width = 8;
    const Kind kind = kind_;
    Accumulator part[width];
    std::fill_n(part, width, kind.start());
    int64_t j = 0;
    for (; j + width <= n; j += width)
      for (int64_t k = 0; k < width; ++k) part[k] = kind.of(part[k], kind.term(x[j + k]));
    for (int64_t k = 0; j + k < n; ++k) part[k] = kind.of(part[k], kind.term(x[j + k]));
    for (int64_t half = width / 2; half > 0; half /= 2)
      for (int64_t k = 0; k < half; ++k) part[k] = kind.of(part[k], part[k + half]);
    return part[0];
  }

  Kind kind_;
};

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

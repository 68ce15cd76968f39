// The Reducers: sums and maxima, compiled once per instruction set.
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

// How floats are added up, and numbers compared: in vectors, and in accumulators.
template <class T>
struct Sum {
  using Accumulator = double;
  static constexpr T identity = 0;
  template <class D, class V>
  static HWY_INLINE V of(D, V x, V y) {
    return hn::Add(x, y);
  }
  static HWY_INLINE double of(double x, double y) { return x + y; }
  template <class D, class V>
  static HWY_INLINE T of_lanes(D d, V v) {
    return hn::GetLane(hn::SumOfLanes(d, v));
  }
};
template <class T>
struct Maximum {
  using Accumulator = T;
  static constexpr T identity =
      std::is_integral_v<T> ? std::numeric_limits<T>::min() : -std::numeric_limits<T>::infinity();
  template <class D, class V>
  static HWY_INLINE V of(D d, V x, V y) {
    return math::maximum(d, x, y);
  }
  static HWY_INLINE T of(T x, T y) { return x > y || x != x ? x : y; }  // NaN is the largest
  template <class D, class V>
  static HWY_INLINE T of_lanes(D d, V v) {
    HWY_ALIGN T values[hn::MaxLanes(d)];
    hn::Store(v, d, values);
    T y = values[0];
    for (const T value : values) y = of(y, value);
    return y;
  }
};

// The elements [p, p + n), fewer than a vector has; the other lanes change no result.
template <class Kind, class D, class T>
HWY_INLINE hn::Vec<D> load_rest(D d, const T* p, int64_t n) {
  const auto v = load_first(d, p, n);
  if constexpr (Kind::identity == 0) return v;
  else return hn::IfThenElse(hn::FirstN(d, static_cast<size_t>(n)), v, hn::Set(d, Kind::identity));
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
      v0 = Kind::of(d, v0, hn::LoadU(d, x + i));
      v1 = Kind::of(d, v1, hn::LoadU(d, x + i + step));
      v2 = Kind::of(d, v2, hn::LoadU(d, x + i + 2 * step));
      v3 = Kind::of(d, v3, hn::LoadU(d, x + i + 3 * step));
    }
    for (; i + step <= length; i += step) v0 = Kind::of(d, v0, hn::LoadU(d, x + i));
    if (i < length) v1 = Kind::of(d, v1, load_rest<Kind>(d, x + i, length - i));
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
    return full ? hn::LoadU(d, x + i * stride) : load_rest<Kind>(d, x + i * stride, w);
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
      v0 = Kind::of(d, v0, hn::LoadU(d, x));
      v1 = Kind::of(d, v1, hn::LoadU(d, x + step));
      v2 = Kind::of(d, v2, hn::LoadU(d, x + 2 * step));
      v3 = Kind::of(d, v3, hn::LoadU(d, x + 3 * step));
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

// Floats, or whatever is kept in the type that it has.
template <class Kind, class T>
class VectorReducer final : public Reducer {
  using Accumulator = typename Kind::Accumulator;

 public:
  // Results are divided by `divisor`.
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
    if constexpr (std::is_same_v<Kind, Sum<T>>)
      return static_cast<T>(v * static_cast<double>(repeats) / divisor_);
    else return v;
  }

 private:
  double divisor_;
};

// Integers and bools, added up modulo 2^64.
template <class In, class Out>
class IntegerSum final : public Reducer {
 public:
  IntegerSum() : Reducer(sizeof(In), sizeof(uint64_t)) {}

  void start(void* acc, int64_t n) const override {
    std::fill_n(static_cast<uint64_t*>(acc), n, uint64_t{0});
  }
  void add_rows(const void* x_, int64_t n, int64_t stride, int64_t rows, void* acc) const override {
    for (int64_t i = 0; i < rows; ++i) {
      const In* x = static_cast<const In*>(x_) + i * stride;
      uint64_t sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < n; ++j) sum += static_cast<uint64_t>(x[j]);
      static_cast<uint64_t*>(acc)[i] += sum;
    }
  }
  void add_columns(const void* x_, int64_t n, int64_t stride, int64_t rows, void* acc_) const override {
    auto* acc = static_cast<uint64_t*>(acc_);
    for (int64_t i = 0; i < rows; ++i) {
      const In* x = static_cast<const In*>(x_) + i * stride;
#pragma omp simd
      for (int64_t j = 0; j < n; ++j) acc[j] += static_cast<uint64_t>(x[j]);
    }
  }
  void merge(const void* from, void* acc, int64_t n) const override {
    for (int64_t i = 0; i < n; ++i) static_cast<uint64_t*>(acc)[i] += static_cast<const uint64_t*>(from)[i];
  }
  void finish(const void* acc, int64_t n, int64_t repeats, void* out, int64_t first,
              int64_t stride) const override {
    for (int64_t i = 0; i < n; ++i)
      static_cast<Out*>(out)[first + i * stride] =
          static_cast<Out>(static_cast<const uint64_t*>(acc)[i] * static_cast<uint64_t>(repeats));
  }
  void pack(void* to, const void* from, int64_t stride, int64_t n) const override {
    pack_run(static_cast<In*>(to), static_cast<const In*>(from), stride, n);
  }
};

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

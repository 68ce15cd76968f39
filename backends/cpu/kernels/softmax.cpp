// softmax: y = e^(x - m) / s, m = max x, s = sum e^(x - m); dx = y (dy - sum(dy y)).
// log_softmax: y = x - m - log s; dx = dy - e^y sum(dy).   Both along one axis.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/softmax.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/softmax-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// ---- the axis is the last: one compact row ----

template <class T>
void softmax_row(const T* x, T* y, int64_t n) {
  const T scale = 1 / row_sum_exp(x, row_max(x, n), y, n);
  for_each_vector<T>(n, [&](auto d, int64_t i, int64_t count) HWY_ATTR {
    store_up_to(hn::Mul(load_up_to(d, y + i, count), hn::Set(d, scale)), d, y + i, count);
  });
}
template <class T>
void log_softmax_row(const T* x, T* y, int64_t n) {
  const T m = row_max(x, n), shift = m + std::log(row_sum_exp<T>(x, m, nullptr, n));
  for_each_vector<T>(n, [&](auto d, int64_t i, int64_t count) HWY_ATTR {
    store_up_to(hn::Sub(load_up_to(d, x + i, count), hn::Set(d, shift)), d, y + i, count);
  });
}

template <bool log, class T>
void gradient_row(const T* y, const T* dy, T* dx, int64_t n) {
  auto sums = hn::Zero(Full<T>());
  for_each_vector<T>(n, [&](auto d, int64_t i, int64_t count) HWY_ATTR {
    auto v = load_up_to(d, dy + i, count);
    if constexpr (!log) v = hn::Mul(v, load_up_to(d, y + i, count));
    sums = hn::Add(sums, v);
  });
  const auto sum = hn::SumOfLanes(Full<T>(), sums);
  for_each_vector<T>(n, [&](auto d, int64_t i, int64_t count) HWY_ATTR {
    const auto g = load_up_to(d, dy + i, count), v = load_up_to(d, y + i, count);
    const auto r = log ? hn::NegMulAdd(math::exp(d, v), sum, g) : hn::Mul(v, hn::Sub(g, sum));
    store_up_to(r, d, dx + i, count);
  });
}

// ---- the axis is another: `count` neighbouring columns of [n, stride], at most a vector of them ----

template <bool log, class T>
void forward_columns(const T* x, T* y, int64_t n, int64_t stride, int64_t count) {
  const Full<T> d;
  auto m = hn::Set(d, -std::numeric_limits<T>::infinity()), s = hn::Zero(d);
  for (int64_t i = 0; i < n; ++i) {
    const auto v = load_up_to(d, x + i * stride, count);
    m = hn::IfThenElse(hn::Gt(v, m), v, m);
  }
  for (int64_t i = 0; i < n; ++i) {
    const auto e = math::exp(d, hn::Sub(load_up_to(d, x + i * stride, count), m));
    if constexpr (!log) store_up_to(e, d, y + i * stride, count);
    s = hn::Add(s, e);
  }
  if constexpr (log) m = hn::Add(m, math::log(d, s));
  else s = hn::Div(hn::Set(d, T{1}), s);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = i * stride;
    if constexpr (log) store_up_to(hn::Sub(load_up_to(d, x + at, count), m), d, y + at, count);
    else store_up_to(hn::Mul(load_up_to(d, y + at, count), s), d, y + at, count);
  }
}

template <bool log, class T>
void gradient_columns(const T* y, const T* dy, T* dx, int64_t n, int64_t stride, int64_t count) {
  const Full<T> d;
  auto sum = hn::Zero(d);
  for (int64_t i = 0; i < n; ++i) {
    auto v = load_up_to(d, dy + i * stride, count);
    if constexpr (!log) v = hn::Mul(v, load_up_to(d, y + i * stride, count));
    sum = hn::Add(sum, v);
  }
  for (int64_t i = 0; i < n; ++i) {
    const auto g = load_up_to(d, dy + i * stride, count), v = load_up_to(d, y + i * stride, count);
    const auto r = log ? hn::NegMulAdd(math::exp(d, v), sum, g) : hn::Mul(v, hn::Sub(g, sum));
    store_up_to(r, d, dx + i * stride, count);
  }
}

// ---- over all of an array, seen as [outer, n, inner] ----

template <class T, class Row, class Columns>
void along_axis(const Call& c, const DLTensor& shape, Row row, Columns columns) {
  const int axis = static_cast<int>(c.integer(0) < 0 ? c.integer(0) + shape.ndim : c.integer(0));
  const int64_t n = shape.shape[axis], total = size(shape);
  if (total == 0) return;
  int64_t inner = 1;
  for (int i = axis + 1; i < shape.ndim; ++i) inner *= shape.shape[i];
  if (inner == 1) {
    parallel_for(c.threads(), total / n, std::max<int64_t>(heavy_grain / n, 1),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t r = begin; r < end; ++r) row(r * n, n);
                 });
    return;
  }
  const int64_t width = lanes<T>, strips = (inner + width - 1) / width;
  parallel_for(c.threads(), total / (n * inner) * strips, std::max<int64_t>(heavy_grain / (n * width), 1),
               [&](int64_t begin, int64_t end) {
                 for (int64_t u = begin; u < end; ++u) {
                   const int64_t j = u % strips * width;
                   columns(u / strips * n * inner + j, n, inner, std::min(width, inner - j));
                 }
               });
}

template <bool log>
void forward(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T* x = compact<T>(c, c.in(0));
    T* y = data<T>(c.out());
    along_axis<T>(
        c, c.out(),
        [&](int64_t at, int64_t n) {
          log ? log_softmax_row(x + at, y + at, n) : softmax_row(x + at, y + at, n);
        },
        [&](int64_t at, int64_t n, int64_t stride, int64_t count) {
          forward_columns<log>(x + at, y + at, n, stride, count);
        });
  });
}

template <bool log>
void gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T *y = compact<T>(c, c.out()), *dy = compact<T>(c, c.dout());
    T* dx = data<T>(c.din(0));
    along_axis<T>(
        c, c.din(0), [&](int64_t at, int64_t n) { gradient_row<log>(y + at, dy + at, dx + at, n); },
        [&](int64_t at, int64_t n, int64_t stride, int64_t count) {
          gradient_columns<log>(y + at, dy + at, dx + at, n, stride, count);
        });
  });
}

void softmax(const Call& c) { forward<false>(c); }
void softmax_gradient(const Call& c) { gradient<false>(c); }
void log_softmax(const Call& c) { forward<true>(c); }
void log_softmax_gradient(const Call& c) { gradient<true>(c); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(softmax);
PLUGRAD_CPU_KERNELS(log_softmax);
}  // namespace plugrad::cpu
#endif

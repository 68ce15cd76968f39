// layer_norm, rms_norm and group_norm: y = z w + b, z = (x - m) r, r = 1 / sqrt(var + eps), with mean m and
// var of each row: the trailing axes, or a group of channels. rms_norm: m = 0, b = 0.
//   dx = r (g - mean g - z mean(g z)), g = dy w; without mean g for rms_norm
//   dw = the sums of dy z, db = those of dy, over all rows
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/layer_norm.cpp"
#include <cmath>

#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/channels-inl.h"
#include "plugrad/backends/cpu/reducers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// Rows are groups of Channels: of layer_norm and rms_norm, the elements of a row are channels.
struct Norm {
  Channels shape;
  double eps;
  bool centred;

  int64_t rows() const { return shape.outer * shape.groups(); }
  int64_t row_length() const { return shape.period * shape.inner; }
};

Norm trailing(const DLTensor& x, const DLTensor& weight, double eps, bool centred) {
  const int64_t n = size(weight);
  return {{n == 0 ? 0 : size(x) / n, n, 1, n}, eps, centred};
}
Norm grouped(const DLTensor& x, int64_t groups, double eps) {
  Channels s = channels_of(x);
  s.period = s.channels / groups;
  return {s, eps, true};
}

template <class T>
struct RowStatistics {
  T mean, inverse;
};

template <class T>
HWY_NOINLINE RowStatistics<T> row_statistics(const Norm& norm, const T* x) {
  const int64_t n = norm.row_length();
  const T mean = norm.centred ? static_cast<T>(fold<Sum<T>>(x, n) / static_cast<double>(n)) : T{0};
  double squares = 0;
  add_sums<1, T>(n, &squares, [&](auto d, int64_t i, int64_t count, VectorRow<T, 1>& t) HWY_ATTR {
    const auto deviation = hn::Sub(load_up_to(d, x + i, count), hn::Set(d, mean));
    t[0] = hn::Mul(deviation, deviation);
  });
  return {mean, static_cast<T>(1 / std::sqrt(squares / static_cast<double>(n) + norm.eps))};
}

// z at a place of a row.
template <class D, class T>
HWY_INLINE hn::Vec<D> normalized(D d, const T* x, const RowStatistics<T>& s, const Place& p) {
  return hn::Mul(hn::Sub(load_at(d, x, p), hn::Set(d, s.mean)), hn::Set(d, s.inverse));
}

template <class F>
void for_each_row(const Call& c, const Norm& norm, F&& f) {
  const int64_t grain = light_grain / std::max<int64_t>(norm.row_length(), 1) + 1;
  parallel_for(c.threads(), norm.rows(), grain, [&](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t row = begin; row < end; ++row) f(row);
  });
}

template <class T>
void forward(const Call& c, const Norm& norm) {
  const T *x = compact<T>(c, c.in(0)), *w = compact<T>(c, c.in(1));
  const T* b = c.n_in() > 2 ? compact<T>(c, c.in(2)) : nullptr;
  T* y = data<T>(c.out());
  for_each_row(c, norm, [&](int64_t row) HWY_ATTR {
    const auto s = row_statistics(norm, x + row * norm.row_length());
    for_each_place_of_group<T>(norm.shape, row, [&](auto d, const Place& p) HWY_ATTR {
      const auto bias = b ? of_channels(d, b, p) : hn::Zero(d);
      store_up_to(hn::MulAdd(normalized(d, x, s, p), of_channels(d, w, p), bias), d, y + p.at, p.count);
    });
  });
}

// dx of a row.
template <class T>
HWY_NOINLINE void row_gradient(const Norm& norm, int64_t row, const RowStatistics<T>& s, const T* x,
                               const T* w, const T* dy, T* dx) {
  double sums[2] = {};
  add_group_sums<2, T>(norm.shape, row, sums, [&](auto d, const Place& p, VectorRow<T, 2>& t) HWY_ATTR {
    t[0] = hn::Mul(load_at(d, dy, p), of_channels(d, w, p));
    t[1] = hn::Mul(t[0], normalized(d, x, s, p));
  });
  const double n = static_cast<double>(norm.row_length());
  const T mean_g = norm.centred ? static_cast<T>(sums[0] / n) : T{0}, mean_gz = static_cast<T>(sums[1] / n);
  for_each_place_of_group<T>(norm.shape, row, [&](auto d, const Place& p) HWY_ATTR {
    const auto g = hn::Mul(load_at(d, dy, p), of_channels(d, w, p));
    const auto rest =
        hn::NegMulAdd(normalized(d, x, s, p), hn::Set(d, mean_gz), hn::Sub(g, hn::Set(d, mean_g)));
    store_up_to(hn::Mul(rest, hn::Set(d, s.inverse)), d, dx + p.at, p.count);
  });
}

// Those of w and b that are wanted; x and the rows' statistics may be null where that of w is not.
template <class T>
void parameter_gradients(const Call& c, const Norm& norm, const T* x, const T* dy,
                         const RowStatistics<T>* rows) {
  const Channels& s = norm.shape;
  auto* sums = c.workspace<double>(2 * s.channels);
  channel_sums<2, T>(c, s, sums, [&](auto d, const Place& p, VectorRow<T, 2>& t) HWY_ATTR {
    t[0] = t[1] = load_at(d, dy, p);
    if (rows) t[1] = hn::Mul(t[0], normalized(d, x, rows[p.outer * s.groups() + p.channel / s.period], p));
  });
  const auto write = [&](int i, const double* from) {
    for (int64_t k = 0; k < s.channels; ++k) data<T>(c.din(i))[k] = static_cast<T>(from[k]);
  };
  if (c.wants(1)) write(1, sums + s.channels);
  if (norm.centred && c.wants(2)) write(2, sums);
}

template <class T>
void backward(const Call& c, const Norm& norm) {
  const T* dy = compact<T>(c, c.dout());
  const bool through_z = c.wants(0) || c.wants(1);
  const T* x = through_z ? compact<T>(c, c.in(0)) : nullptr;
  const T* w = c.wants(0) ? compact<T>(c, c.in(1)) : nullptr;
  auto* rows = c.wants(1) ? c.workspace<RowStatistics<T>>(norm.rows()) : nullptr;
  if (through_z)
    for_each_row(c, norm, [&](int64_t row) HWY_ATTR {
      const auto s = row_statistics(norm, x + row * norm.row_length());
      if (rows) rows[row] = s;
      if (w) row_gradient(norm, row, s, x, w, dy, data<T>(c.din(0)));
    });
  if (c.wants(1) || (norm.centred && c.wants(2))) parameter_gradients(c, norm, x, dy, rows);
}

void run_forward(const Call& c, const Norm& norm) {
  plugin::with_floating(c.out().dtype, [&](auto t) { forward<typename decltype(t)::type>(c, norm); });
}
void run_backward(const Call& c, const Norm& norm) {
  plugin::with_floating(c.dout().dtype, [&](auto t) { backward<typename decltype(t)::type>(c, norm); });
}

// A tensor of the shape of w in a call for gradients.
const DLTensor& like_weight(const Call& c, bool has_bias) {
  if (c.wants(1)) return c.din(1);
  return has_bias && c.wants(2) ? c.din(2) : c.in(1);
}

void layer_norm(const Call& c) { run_forward(c, trailing(c.in(0), c.in(1), c.real(0), true)); }
void layer_norm_gradient(const Call& c) {
  run_backward(c, trailing(c.dout(), like_weight(c, true), c.real(0), true));
}
void rms_norm(const Call& c) { run_forward(c, trailing(c.in(0), c.in(1), c.real(0), false)); }
void rms_norm_gradient(const Call& c) {
  run_backward(c, trailing(c.dout(), like_weight(c, false), c.real(0), false));
}
void group_norm(const Call& c) { run_forward(c, grouped(c.in(0), c.integer(0), c.real(1))); }
void group_norm_gradient(const Call& c) { run_backward(c, grouped(c.dout(), c.integer(0), c.real(1))); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(layer_norm);
PLUGRAD_CPU_KERNELS(rms_norm);
PLUGRAD_CPU_KERNELS(group_norm);
}  // namespace plugrad::cpu
#endif

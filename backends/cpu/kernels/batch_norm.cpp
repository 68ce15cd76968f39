// batch_norm and batch_norm_inference: y = z w + b, z = (x - m) r, r = 1 / sqrt(var + eps), with mean m and
// var of each channel: those of its n elements in x, which are outputs too, or given ones.
//   sums over the channel: s = of dy, t = of dy (x - m); db = s, dw = r t
//   batch_norm: dx = w r (dy - s / n - (x - m) r^2 t / n) + (dm + 2 dvar (x - m)) / n
//   batch_norm_inference: dx = w r dy, dm = -w r s, dvar = -w r^3 t / 2
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/batch_norm.cpp"
#include <cmath>

#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/channels-inl.h"

#ifndef PLUGRAD_BACKENDS_CPU_CHANNEL_NUMBERS_
#define PLUGRAD_BACKENDS_CPU_CHANNEL_NUMBERS_
namespace plugrad::cpu {
namespace {

// One number for each channel, however they lie in memory; zeros where there are none.
template <class T>
class ChannelNumbers {
 public:
  ChannelNumbers() = default;
  explicit ChannelNumbers(const DLTensor& t) : data_(data<const T>(t)), stride_(t.strides[0]) {}
  double operator[](int64_t channel) const {
    return data_ ? static_cast<double>(data_[channel * stride_]) : 0;
  }

 private:
  const T* data_ = nullptr;
  int64_t stride_ = 0;
};
inline double inverse(double var, double eps) { return 1 / std::sqrt(var + eps); }

}  // namespace
}  // namespace plugrad::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// y = (x - m) factor + b.
template <class T>
struct Affine {
  T *m, *factor, *b;
  Affine(const Call& c, int64_t channels) {
    m = c.workspace<T>(3 * channels);
    factor = m + channels;
    b = factor + channels;
  }
  void run(const Call& c, const Channels& s, const T* x, T* y) const {
    for_each_place<T>(c, s, [&](auto d, const Place& p) HWY_ATTR {
      const auto deviation = hn::Sub(load_at(d, x, p), of_channels(d, m, p));
      const auto v = hn::MulAdd(deviation, of_channels(d, factor, p), of_channels(d, b, p));
      store_up_to(v, d, y + p.at, p.count);
    });
  }
};

// The means and variances of channels.
template <class T>
void statistics(const Call& c, const Channels& s, const T* x, T* mean, T* var) {
  const double n = static_cast<double>(s.outer * s.inner);
  auto* sums = c.workspace<double>(s.channels);
  channel_sums<1, T>(c, s, sums,
                     [&](auto d, const Place& p, VectorRow<T, 1>& t) HWY_ATTR { t[0] = load_at(d, x, p); });
  for (int64_t k = 0; k < s.channels; ++k) mean[k] = static_cast<T>(sums[k] / n);
  channel_sums<1, T>(c, s, sums, [&](auto d, const Place& p, VectorRow<T, 1>& t) HWY_ATTR {
    const auto deviation = hn::Sub(load_at(d, x, p), of_channels(d, mean, p));
    t[0] = hn::Mul(deviation, deviation);
  });
  for (int64_t k = 0; k < s.channels; ++k) var[k] = static_cast<T>(sums[k] / n);
}

template <class T>
void forward(const Call& c, const T* x, const ChannelNumbers<T>& mean, const ChannelNumbers<T>& var) {
  const Channels s = channels_of(c.in(0));
  const ChannelNumbers<T> weight(c.in(1)), bias(c.in(2));
  const Affine<T> affine(c, s.channels);
  for (int64_t k = 0; k < s.channels; ++k) {
    affine.m[k] = static_cast<T>(mean[k]);
    affine.factor[k] = static_cast<T>(weight[k] * inverse(var[k], c.real(0)));
    affine.b[k] = static_cast<T>(bias[k]);
  }
  affine.run(c, s, x, data<T>(c.out()));
}

void batch_norm(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T* x = compact<T>(c, c.in(0));
    statistics(c, channels_of(c.in(0)), x, data<T>(c.out(1)), data<T>(c.out(2)));
    forward(c, x, ChannelNumbers<T>(c.out(1)), ChannelNumbers<T>(c.out(2)));
  });
}
void batch_norm_inference(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    forward(c, compact<T>(c, c.in(0)), ChannelNumbers<T>(c.in(3)), ChannelNumbers<T>(c.in(4)));
  });
}

// The sums of dy and of dy (x - m) over each channel. Where x is null, the latter are not written; where dy
// is, all are 0.
template <class T>
struct GradientSums {
  double *of_dy, *with_deviation;
  GradientSums(const Call& c, const Channels& s, const T* x, const T* dy, const ChannelNumbers<T>& mean) {
    of_dy = c.workspace<double>(2 * s.channels);
    with_deviation = of_dy + s.channels;
    std::fill_n(of_dy, 2 * s.channels, 0.0);
    if (!dy) return;
    T* m = x ? c.workspace<T>(s.channels) : nullptr;
    for (int64_t k = 0; x && k < s.channels; ++k) m[k] = static_cast<T>(mean[k]);
    channel_sums<2, T>(c, s, of_dy, [&](auto d, const Place& p, VectorRow<T, 2>& t) HWY_ATTR {
      t[0] = t[1] = load_at(d, dy, p);
      if (x) t[1] = hn::Mul(t[0], hn::Sub(load_at(d, x, p), of_channels(d, m, p)));
    });
  }
};

// din(i)[k] = value(k) for each channel.
template <class T, class F>
void write_channels(const Call& c, int i, int64_t channels, F value) {
  if (!c.wants(i)) return;
  for (int64_t k = 0; k < channels; ++k) data<T>(c.din(i))[k] = static_cast<T>(value(k));
}

// dx = of_dy dy + of_deviation (x - m) + constant.
template <class T>
void batch_norm_gradient_x(const Call& c, const Channels& s, const T* x, const T* dy,
                           const GradientSums<T>& sums) {
  const ChannelNumbers<T> weight(c.in(1)), mean(c.out(1)), var(c.out(2));
  const auto dmean = c.has_dout(1) ? ChannelNumbers<T>(c.dout(1)) : ChannelNumbers<T>();
  const auto dvar = c.has_dout(2) ? ChannelNumbers<T>(c.dout(2)) : ChannelNumbers<T>();
  const double n = static_cast<double>(s.outer * s.inner);
  T *m = c.workspace<T>(4 * s.channels), *of_dy = m + s.channels, *of_deviation = of_dy + s.channels,
    *constant = of_deviation + s.channels;
  for (int64_t k = 0; k < s.channels; ++k) {
    const double r = inverse(var[k], c.real(0)), factor = weight[k] * r;
    m[k] = static_cast<T>(mean[k]);
    of_dy[k] = static_cast<T>(factor);
    of_deviation[k] = static_cast<T>((2 * dvar[k] - factor * r * r * sums.with_deviation[k]) / n);
    constant[k] = static_cast<T>((dmean[k] - factor * sums.of_dy[k]) / n);
  }
  T* dx = data<T>(c.din(0));
  for_each_place<T>(c, s, [&](auto d, const Place& p) HWY_ATTR {
    const auto deviation = hn::Sub(load_at(d, x, p), of_channels(d, m, p));
    auto v = hn::MulAdd(deviation, of_channels(d, of_deviation, p), of_channels(d, constant, p));
    if (dy) v = hn::MulAdd(load_at(d, dy, p), of_channels(d, of_dy, p), v);
    store_up_to(v, d, dx + p.at, p.count);
  });
}

// Of a call for batch_norm's gradients: a tensor shaped like x, or else of one number for each channel.
Channels batch_norm_channels(const Call& c) {
  if (c.has_dout(0)) return channels_of(c.dout(0));
  if (c.wants(0)) return channels_of(c.din(0));
  return {0, (c.wants(1) ? c.din(1) : c.din(2)).shape[0], 1, 1};
}

void batch_norm_gradient(const Call& c) {
  const Channels s = batch_norm_channels(c);
  const DLTensor& any = c.wants(0) ? c.din(0) : c.wants(1) ? c.din(1) : c.din(2);
  plugin::with_floating(any.dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const bool through_z = c.wants(0) || c.wants(1);
    const T* x = through_z ? compact<T>(c, c.in(0)) : nullptr;
    const T* dy = c.has_dout(0) ? compact<T>(c, c.dout(0)) : nullptr;
    const auto mean = through_z ? ChannelNumbers<T>(c.out(1)) : ChannelNumbers<T>();
    const GradientSums<T> sums(c, s, x, dy, mean);
    if (c.wants(0)) batch_norm_gradient_x(c, s, x, dy, sums);
    write_channels<T>(c, 1, s.channels, [&](int64_t k) {
      if (s.size() == 0) return 0.0;  // and var is NaN
      return sums.with_deviation[k] * inverse(ChannelNumbers<T>(c.out(2))[k], c.real(0));
    });
    write_channels<T>(c, 2, s.channels, [&](int64_t k) { return sums.of_dy[k]; });
  });
}

void batch_norm_inference_gradient(const Call& c) {
  enum { X, Weight, Bias, Mean, Var };
  const Channels s = channels_of(c.dout());
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T* dy = compact<T>(c, c.dout());
    const auto number = [&](int i, int64_t k) { return ChannelNumbers<T>(c.in(i))[k]; };
    const auto r = [&](int64_t k) { return inverse(number(Var, k), c.real(0)); };
    if (c.wants(X)) {
      const Affine<T> affine(c, s.channels);
      for (int64_t k = 0; k < s.channels; ++k) {
        affine.m[k] = affine.b[k] = T{0};
        affine.factor[k] = static_cast<T>(number(Weight, k) * r(k));
      }
      affine.run(c, s, dy, data<T>(c.din(X)));
    }
    const bool with_deviation = c.wants(Weight) || c.wants(Var);
    if (!with_deviation && !c.wants(Bias) && !c.wants(Mean)) return;
    const T* x = with_deviation ? compact<T>(c, c.in(X)) : nullptr;
    const auto mean = with_deviation ? ChannelNumbers<T>(c.in(Mean)) : ChannelNumbers<T>();
    const GradientSums<T> sums(c, s, x, dy, mean);
    write_channels<T>(c, Weight, s.channels, [&](int64_t k) { return sums.with_deviation[k] * r(k); });
    write_channels<T>(c, Bias, s.channels, [&](int64_t k) { return sums.of_dy[k]; });
    write_channels<T>(c, Mean, s.channels,
                      [&](int64_t k) { return -number(Weight, k) * r(k) * sums.of_dy[k]; });
    write_channels<T>(c, Var, s.channels, [&](int64_t k) {
      return -number(Weight, k) * r(k) * r(k) * r(k) * sums.with_deviation[k] / 2;
    });
  });
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(batch_norm);
PLUGRAD_CPU_KERNELS(batch_norm_inference);
}  // namespace plugrad::cpu
#endif

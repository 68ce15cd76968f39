// Normalisation of channels: y = (x - m) r w + b, r = 1 / sqrt(var + eps).
//
//   batch_norm             m and var of the channel's n elements in x; outputs, too
//                          dx = w r (dy - s / n - (x - m) r^2 t / n) + (dm + 2 dvar (x - m)) / n
//   batch_norm_inference   m and var given; dx = w r dy, dm = -w r s, dvar = -w r^3 t / 2
//
// s and t are the sums of dy and of dy (x - m) over the channel; db = s, dw = r t.
#include "plugrad/backends/cuda/channels.cuh"

namespace plugrad::cuda {
namespace {

__device__ double inverse(double var, double eps) { return 1 / ::sqrt(var + eps); }

// ---- what is added up ----

// x, or (x - mean)^2.
template <class T>
struct Moments {
  using Type = T;
  static constexpr int K = 1;
  const T *x, *mean;  // mean null: x itself

  bool aligned(int64_t n, int width) const { return whole_packs(n, width, {x}); }
  template <int width>
  __device__ void terms(int64_t at, uint32_t, uint32_t channel, T (&t)[K][width]) const {
    const auto value = load_at<width>(x, at);
    const T m = mean ? mean[channel] : T{0};
    for (int i = 0; i < width; ++i) {
      const T d = value.element[i] - m;
      t[0][i] = mean ? d * d : d;
    }
  }
};

// dy and dy (x - mean); the latter is 0 where x is null, both where dy is.
template <class T>
struct GradientTerms {
  using Type = T;
  static constexpr int K = 2;
  const T *x, *dy;
  ChannelNumbers<T> mean;

  bool aligned(int64_t n, int width) const { return whole_packs(n, width, {x, dy}); }
  template <int width>
  __device__ void terms(int64_t at, uint32_t, uint32_t channel, T (&t)[K][width]) const {
    if (!dy) return;
    const auto d = load_at<width>(dy, at);
    for (int i = 0; i < width; ++i) t[0][i] = d.element[i];
    if (!x) return;
    const auto value = load_at<width>(x, at);
    const T m = static_cast<T>(mean[channel]);
    for (int i = 0; i < width; ++i) t[1][i] = d.element[i] * (value.element[i] - m);
  }
};

// ---- what becomes of the sums ----

template <class T>
struct MeanOfSum {
  T* mean;
  double n;
  __device__ void operator()(int64_t channel, const double* sums) const {
    mean[channel] = static_cast<T>(sums[0] / n);
  }
};

// y = of_x (x - mean) + constant, or dx = of_dy dy + of_x (x - mean) + constant.
template <class T>
struct Coefficients {
  T *mean, *of_x, *constant, *of_dy;
  Coefficients(const Call& c, int64_t channels) : mean(c.workspace<T>(4 * channels)) {
    of_x = mean + channels;
    constant = of_x + channels;
    of_dy = constant + channels;
  }
};

// With a var given, or the n squares that it is the mean of; then it is written.
template <class T>
struct ForwardCoefficients {
  Coefficients<T> to;
  ChannelNumbers<T> weight, bias, mean, var;
  T* var_out;
  double n, eps;
  __device__ void operator()(int64_t k, const double* sums) const {
    if (var_out) var_out[k] = static_cast<T>(sums[0] / n);
    to.mean[k] = static_cast<T>(mean[k]);
    to.of_x[k] = static_cast<T>(weight[k] * inverse(var_out ? var_out[k] : var[k], eps));
    to.constant[k] = static_cast<T>(bias[k]);
  }
};

// Gradients that are not wanted are null.
template <class T>
struct BatchGradients {
  Coefficients<T> to;
  ChannelNumbers<T> weight, mean, var, dmean, dvar;
  T *dx, *dweight, *dbias;
  double n, eps;
  __device__ void operator()(int64_t k, const double* sums) const {
    if (dbias) dbias[k] = static_cast<T>(sums[0]);
    const double r = inverse(var[k], eps), factor = weight[k] * r;
    if (dweight) dweight[k] = static_cast<T>(n > 0 ? r * sums[1] : 0);  // of no elements, var is NaN
    if (!dx) return;
    to.mean[k] = static_cast<T>(mean[k]);
    to.of_dy[k] = static_cast<T>(factor);
    to.of_x[k] = static_cast<T>((2 * dvar[k] - factor * r * r * sums[1]) / n);
    to.constant[k] = static_cast<T>((dmean[k] - factor * sums[0]) / n);
  }
};
template <class T>
struct InferenceGradients {
  ChannelNumbers<T> weight, var;
  T *of_dy, *dweight, *dbias, *dmean, *dvar;
  double eps;
  __device__ void operator()(int64_t k, const double* sums) const {
    const double r = inverse(var[k], eps), factor = weight[k] * r;
    if (of_dy) of_dy[k] = static_cast<T>(factor);
    if (dweight) dweight[k] = static_cast<T>(r * sums[1]);
    if (dbias) dbias[k] = static_cast<T>(sums[0]);
    if (dmean) dmean[k] = static_cast<T>(-factor * sums[0]);
    if (dvar) dvar[k] = static_cast<T>(-factor * r * r * sums[1] / 2);
  }
};

// to = of_dy dy + of_x (x - mean) + constant; the parts of x and dy are left out where these are null.
template <class T>
struct Combine {
  using Type = T;
  const T *x, *dy;
  T* to;
  Coefficients<T> by;

  bool aligned(int64_t n, int width) const { return whole_packs<T>(n, width, {x, dy, to}); }
  template <int width>
  __device__ void apply(int64_t at, uint32_t channel, bool across) const {
    Pack<T, width> sum{};
    if (x) {
      const auto value = load_at<width>(x, at), mean = of_channels<width>(by.mean, channel, across),
                 factor = of_channels<width>(by.of_x, channel, across);
      sum = of_channels<width>(by.constant, channel, across);
      for (int i = 0; i < width; ++i)
        sum.element[i] += factor.element[i] * (value.element[i] - mean.element[i]);
    }
    if (dy) {
      const auto d = load_at<width>(dy, at), factor = of_channels<width>(by.of_dy, channel, across);
      for (int i = 0; i < width; ++i) sum.element[i] += factor.element[i] * d.element[i];
    }
    store(to + at, sum, width);
  }
};

// ---- the kernels ----

void batch_norm(const Call& c) {
  const Channels s = channels_of(c.in(0));
  const double n = static_cast<double>(s.outer * s.inner);
  if (s.channels == 0) return;
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const T* x = compact<T>(c, c.in(0));
    T* const mean = plugin::data<T>(c.out(1));
    const Coefficients<T> by(c, s.channels);
    channel_sums(c, s, Moments<T>{x, nullptr}, MeanOfSum<T>{mean, n});
    channel_sums(c, s, Moments<T>{x, mean},
                 ForwardCoefficients<T>{by, ChannelNumbers<T>(c.in(1)), ChannelNumbers<T>(c.in(2)),
                                        ChannelNumbers<T>(c.out(1)), ChannelNumbers<T>(),
                                        plugin::data<T>(c.out(2)), n, c.real(0)});
    channel_map(c, s, Combine<T>{x, nullptr, plugin::data<T>(c.out()), by});
  });
}

void batch_norm_inference(const Call& c) {
  const Channels s = channels_of(c.in(0));
  if (s.size() == 0) return;
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto numbers = [&](int i) { return ChannelNumbers<T>(c.in(i)); };
    const Coefficients<T> by(c, s.channels);
    for_each_channel(
        c, s.channels,
        ForwardCoefficients<T>{by, numbers(1), numbers(2), numbers(3), numbers(4), nullptr, 0, c.real(0)});
    channel_map(c, s, Combine<T>{compact<T>(c, c.in(0)), nullptr, plugin::data<T>(c.out()), by});
  });
}

template <class T>
T* wanted(const Call& c, int i) {
  return c.wants(i) ? plugin::data<T>(c.din(i)) : nullptr;
}

// Of a call for batch_norm's gradients: a tensor shaped like x, or else of one number for each channel.
Channels batch_norm_channels(const Call& c) {
  if (c.has_dout(0)) return channels_of(c.dout(0));
  if (c.wants(0)) return channels_of(c.din(0));
  return {0, (c.wants(1) ? c.din(1) : c.din(2)).shape[0], 1};
}

template <class T>
void batch_norm_gradients(const Call& c) {
  const Channels s = batch_norm_channels(c);
  if (s.channels == 0) return;
  const bool through_z = c.wants(0) || c.wants(1);
  const T* x = through_z ? compact<T>(c, c.in(0)) : nullptr;
  const T* dy = c.has_dout(0) ? compact<T>(c, c.dout(0)) : nullptr;
  const auto dout = [&](int k) { return c.has_dout(k) ? ChannelNumbers<T>(c.dout(k)) : ChannelNumbers<T>(); };
  const auto out = [&](int k) { return through_z ? ChannelNumbers<T>(c.out(k)) : ChannelNumbers<T>(); };
  const auto weight = c.wants(0) ? ChannelNumbers<T>(c.in(1)) : ChannelNumbers<T>();
  const Coefficients<T> by(c, s.channels);
  channel_sums(
      c, s, GradientTerms<T>{x, dy, out(1)},
      BatchGradients<T>{by, weight, out(1), out(2), dout(1), dout(2), wanted<T>(c, 0), wanted<T>(c, 1),
                        wanted<T>(c, 2), static_cast<double>(s.outer * s.inner), c.real(0)});
  if (c.wants(0)) channel_map(c, s, Combine<T>{x, dy, plugin::data<T>(c.din(0)), by});
}

void batch_norm_gradient(const Call& c) {
  const DLTensor& any = c.wants(0) ? c.din(0) : c.wants(1) ? c.din(1) : c.din(2);
  with_floating(any.dtype, [&]<class T>(Type<T>) { batch_norm_gradients<T>(c); });
}

template <class T>
void batch_norm_inference_gradients(const Call& c) {
  enum { X, Weight, Bias, Mean, Var };
  const Channels s = channels_of(c.dout());
  if (s.channels == 0) return;
  const auto numbers = [&](int i, bool read) {
    return read ? ChannelNumbers<T>(c.in(i)) : ChannelNumbers<T>();
  };
  const bool with_deviation = c.wants(Weight) || c.wants(Var);
  const bool with_factor = c.wants(X) || c.wants(Mean) || c.wants(Var);
  const T* dy = compact<T>(c, c.dout());
  const Coefficients<T> by(c, s.channels);
  const InferenceGradients<T> gradients{numbers(Weight, with_factor),
                                        numbers(Var, with_factor || c.wants(Weight)),
                                        c.wants(X) ? by.of_dy : nullptr,
                                        wanted<T>(c, Weight),
                                        wanted<T>(c, Bias),
                                        wanted<T>(c, Mean),
                                        wanted<T>(c, Var),
                                        c.real(0)};
  if (with_deviation || c.wants(Bias) || c.wants(Mean)) {
    const T* x = with_deviation ? compact<T>(c, c.in(X)) : nullptr;
    channel_sums(c, s, GradientTerms<T>{x, dy, numbers(Mean, with_deviation)}, gradients);
  } else {
    for_each_channel(c, s.channels, gradients);
  }
  if (c.wants(X)) channel_map(c, s, Combine<T>{nullptr, dy, plugin::data<T>(c.din(X)), by});
}

void batch_norm_inference_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) { batch_norm_inference_gradients<T>(c); });
}

PLUGRAD_KERNELS(batch_norm, batch_norm, batch_norm_gradient);
PLUGRAD_KERNELS(batch_norm_inference, batch_norm_inference, batch_norm_inference_gradient);

}  // namespace
}  // namespace plugrad::cuda

// Normalisation of each channel, axis 1, over all other axes: y = z weight + bias.
//
//   batch_norm             z is x normalised (normalization.h); its mean and var are outputs, too
//                          dx = that through z, + dmean / n + 2 dvar (x - mean) / n
//   batch_norm_inference   z = (x - mean) r, r = 1 / sqrt(var + eps), with mean and var given
//                          dx = dy weight r, dmean = -the sum of that, dvar = -sum of dy weight (x - mean)
//                          r^3 / 2
//
// n elements make a channel. dweight and dbias are the sums of dy z and of dy over each.
#include "plugrad/backends/reference/normalization.h"

namespace plugrad::reference {
namespace {

constexpr Axes channels = only(1);

void batch_norm(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(c.in(0));
    Normalized<T> n(x, ~channels, c.real(0), true);
    n.forward(view<T>(c.out()), along(view<const T>(c.in(1)), x, 1), along(view<const T>(c.in(2)), x, 1));
    store<T>(c.out(1), n.mean);
    store<T>(c.out(2), n.var);
  });
}

// The sum of the gradients y, mean and var over each channel, of which some may not be there.
template <class T>
View<const T> dout_or_zeros(const Call& c, int output, const View<const T>& x) {
  static constexpr T zero = 0;
  if (!c.has_dout(output)) return along(View<const T>{&zero}, x, 0);
  return output == 0 ? view<const T>(c.dout()) : along(view<const T>(c.dout(output)), x, 1);
}

template <class T>
void batch_norm_gradient_x(const Call& c, const Normalized<T>& n) {
  const auto dx = view<T>(c.din(0));
  n.gradient(dx, dout_or_zeros<T>(c, 0, n.x), along(view<const T>(c.in(1)), n.x, 1));
  const double count = reduced_count(n.x, n.axes);
  for_each([&](T& r, double x, double mean, double dmean,
               double dvar) { r = static_cast<T>(r + dmean / count + 2 * dvar * (x - mean) / count); },
           dx, n.x, n.mean.view(), dout_or_zeros<T>(c, 1, n.x), dout_or_zeros<T>(c, 2, n.x));
}

void batch_norm_gradient(const Call& c) {
  const DLTensor& any = c.has_dout(0) ? c.dout(0) : c.has_dout(1) ? c.dout(1) : c.dout(2);
  with_floating(any.dtype, [&]<class T>(Type<T>) {
    if (c.wants(2)) {
      fill(c.din(2), T{0});
      if (c.has_dout(0)) {
        const auto dy = view<const T>(c.dout(0));
        Repeated sums(dy, ~channels);
        for_each([](double& sum, double d) { sum += d; }, sums.view(), dy);
        store<T>(c.din(2), sums);
      }
    }
    if (!c.wants(0) && !c.wants(1)) return;
    const Normalized<T> n(view<const T>(c.in(0)), ~channels, c.real(0), true);
    if (c.wants(0)) batch_norm_gradient_x(c, n);
    if (!c.wants(1)) return;
    Repeated sums(n.x, ~channels);
    n.add_weight_gradient(sums.view(), dout_or_zeros<T>(c, 0, n.x));
    store<T>(c.din(1), sums);
  });
}

double inverse(double var, double eps) { return 1 / std::sqrt(var + eps); }

void batch_norm_inference(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(c.in(0));
    const auto of_channel = [&](int i) { return along(view<const T>(c.in(i)), x, 1); };
    for_each(
        [eps = c.real(0)](T& y, double v, double weight, double bias, double mean, double var) {
          y = static_cast<T>((v - mean) * inverse(var, eps) * weight + bias);
        },
        view<T>(c.out()), x, of_channel(1), of_channel(2), of_channel(3), of_channel(4));
  });
}

// The gradient in input i is the sum over each channel of f(dy, elements of the inputs numbered `in`).
template <class T, class F, class... In>
void add_up(const Call& c, int i, F f, In... in) {
  if (!c.wants(i)) return;
  const auto dy = view<const T>(c.dout());
  [[maybe_unused]] const auto operand = [&](int k) {
    return k == 0 ? view<const T>(c.in(0)) : along(view<const T>(c.in(k)), dy, 1);
  };
  Repeated sums(dy, ~channels);
  for_each([&](double& sum, const auto&... elements) { sum += f(elements...); }, sums.view(), dy,
           operand(in)...);
  store<T>(c.din(i), sums);
}

void batch_norm_inference_gradient(const Call& c) {
  enum { X, Weight, Bias, Mean, Var };
  const double eps = c.real(0);
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    if (c.wants(X)) {
      const auto dx = view<T>(c.din(X));
      for_each([=](T& r, double d, double weight,
                   double var) { r = static_cast<T>(d * weight * inverse(var, eps)); },
               dx, view<const T>(c.dout()), along(view<const T>(c.in(Weight)), dx, 1),
               along(view<const T>(c.in(Var)), dx, 1));
    }
    add_up<T>(
        c, Weight,
        [=](double d, double x, double mean, double var) { return d * (x - mean) * inverse(var, eps); }, X,
        Mean, Var);
    add_up<T>(c, Bias, [](double d) { return d; });
    add_up<T>(
        c, Mean, [=](double d, double weight, double var) { return -d * weight * inverse(var, eps); }, Weight,
        Var);
    add_up<T>(
        c, Var,
        [=](double d, double x, double weight, double mean, double var) {
          return -d * weight * (x - mean) * std::pow(var + eps, -1.5) / 2;
        },
        X, Weight, Mean, Var);
  });
}

PLUGRAD_KERNELS(batch_norm, batch_norm, batch_norm_gradient);
PLUGRAD_KERNELS(batch_norm_inference, batch_norm_inference, batch_norm_inference_gradient);

}  // namespace
}  // namespace plugrad::reference

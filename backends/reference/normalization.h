// Means, and deviations from them, over some axes of an array: what all normalisations begin with.
//
//   z = (x - mean) / sqrt(var + eps), var = mean of (x - mean)^2
//   dx = (dz - mean of dz - z mean of (dz z)) / sqrt(var + eps)
// Where mean is taken to be 0, the mean of dz is left out.
#pragma once

#include <cmath>
#include <vector>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {

// An array of doubles that repeats itself along some axes of a shape.
class Repeated {
 public:
  template <class T>
  Repeated(const View<T>& like, Axes repeated, double value = 0) {
    view_.ndim = like.ndim;
    int64_t n = 1;
    for (int i = like.ndim; i-- > 0;) {
      view_.shape[i] = like.shape[i];
      view_.strides[i] = repeated & only(i) ? 0 : n;
      if (!(repeated & only(i))) n *= like.shape[i];
    }
    values_.assign(static_cast<size_t>(n), value);
    view_.data = values_.data();
  }
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;
  const View<double>& view() const { return view_; }
  std::vector<double>& values() { return values_; }

 private:
  View<double> view_;
  std::vector<double> values_;
};

// `v`, which has the axes of `like` from `first` on, or some of them, repeated along the others.
template <class T, class U>
View<T> along(const View<T>& v, const View<U>& like, int first) {
  View<T> r{v.data, like.ndim};
  for (int i = 0; i < like.ndim; ++i) {
    r.shape[i] = like.shape[i];
    r.strides[i] = i >= first && i < first + v.ndim ? v.strides[i - first] : 0;
  }
  return r;
}

// How many elements of x meet in one when `axes` are reduced.
template <class T>
double reduced_count(const View<T>& x, Axes axes) {
  double n = 1;
  for (int i = 0; i < x.ndim; ++i)
    if (axes & only(i)) n *= static_cast<double>(x.shape[i]);
  return n;
}

// The mean over `axes` of f(element of each array).
template <class F, class T, class... Others>
void mean_over(Repeated& mean, Axes axes, F f, const View<T>& x, const View<Others>&... others) {
  for_each([&](double& sum, const auto&... elements) { sum += f(elements...); }, mean.view(), x, others...);
  for (double& sum : mean.values()) sum /= reduced_count(x, axes);
}

// An array x, normalised over `axes`.
template <class T>
struct Normalized {
  View<const T> x;
  Axes axes;
  bool centred;
  Repeated mean, var, inverse;

  Normalized(const View<const T>& array, Axes over, double eps, bool from_mean)
      : x(array), axes(over), centred(from_mean), mean(x, axes), var(x, axes), inverse(x, axes) {
    if (centred)
      mean_over(
          mean, axes, [](double v) { return v; }, x);
    mean_over(
        var, axes, [](double v, double m) { return (v - m) * (v - m); }, x, mean.view());
    for (size_t k = 0; k < var.values().size(); ++k)
      inverse.values()[k] = 1 / std::sqrt(var.values()[k] + eps);
  }

  // y = z weight + bias.
  void forward(const View<T>& y, const View<const T>& weight, const View<const T>& bias) const {
    for_each([](T& r, double v, double m, double s, double w,
                double b) { r = static_cast<T>((v - m) * s * w + b); },
             y, x, mean.view(), inverse.view(), weight, bias);
  }
  // dx, given dy and dz = dy weight.
  void gradient(const View<T>& dx, const View<const T>& dy, const View<const T>& weight) const {
    Repeated mean_dz(x, axes), mean_dz_z(x, axes);
    if (centred)
      mean_over(
          mean_dz, axes, [](double d, double w) { return d * w; }, dy, weight);
    mean_over(
        mean_dz_z, axes, [](double d, double w, double v, double m, double s) { return d * w * (v - m) * s; },
        dy, weight, x, mean.view(), inverse.view());
    for_each([](T& r, double d, double w, double v, double m, double s, double a,
                double b) { r = static_cast<T>((d * w - a - (v - m) * s * b) * s); },
             dx, dy, weight, x, mean.view(), inverse.view(), mean_dz.view(), mean_dz_z.view());
  }
  // dweight += dy z, whose sums repeat along the axes that weight has not.
  void add_weight_gradient(const View<double>& dweight, const View<const T>& dy) const {
    for_each([](double& sum, double d, double v, double m, double s) { sum += d * (v - m) * s; }, dweight, dy,
             x, mean.view(), inverse.view());
  }
};

// Writes sums to an array of as many elements.
template <class T>
void store(const DLTensor& out, Repeated& sums) {
  T* y = data<T>(out);
  for (const double sum : sums.values()) *y++ = static_cast<T>(sum);
}

}  // namespace plugrad::reference

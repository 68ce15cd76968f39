// Reductions over some axes.
//
//   sum      y = sum x                     dx = dy, repeated    (no kernel)
//   sum_to   y = sum x over the axes along which y would be broadcast    dx = dy, repeated    (no kernel)
//   mean     y = sum x / n                 dx = dy / n, repeated
//   max      y = max x                     dx = dy / k for each of the k elements equal to y, else 0
//   argmax   y = index of the first max    (locally constant)
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

// Adds each element of x to the one of `sums` in the same place.
template <class T>
void add_up(const View<Sum<T>>& sums, const View<const T>& x) {
  for_each([](Sum<T>& sum, T value) { sum += static_cast<Sum<T>>(value); }, sums, x);
}

void sum(const Call& c) {
  const DLTensor& x = c.in(0);
  with_any(x.dtype, [&]<class T>(Type<T>) {
    using Out = std::conditional_t<std::is_floating_point_v<T>, T, int64_t>;
    const auto sums = workspace(c, Sum<T>(0), c.out());
    add_up<T>(repeat(sums, x, axes_attribute(c, 0, x)), view<const T>(x));
    store<Out>(c.out(), sums);
  });
}

void sum_to(const Call& c) {
  const DLTensor& x = c.in(0);
  with_number(x.dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, Sum<T>(0), c.out());
    add_up<T>(broadcast(sums, x), view<const T>(x));
    store<T>(c.out(), sums);
  });
}

// How many elements of an array of t's shape fall on one of the result when `axes` are reduced.
double reduced_count(const DLTensor& t, Axes axes) {
  int64_t n = 1;
  for (int i = 0; i < t.ndim; ++i)
    if (axes & only(i)) n *= t.shape[i];
  return static_cast<double>(n);
}

void mean(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, 0.0, c.out());
    add_up<T>(repeat(sums, x, axes), view<const T>(x));
    for_each([n = reduced_count(x, axes)](double& sum) { sum /= n; }, sums);
    store<T>(c.out(), sums);
  });
}

void mean_gradient(const Call& c) {
  const DLTensor& dx = c.din(0);
  const Axes axes = axes_attribute(c, 0, dx);
  with_floating(dx.dtype, [&]<class T>(Type<T>) {
    for_each([n = reduced_count(dx, axes)](T& d, T dy) { d = static_cast<T>(dy / n); }, view<T>(dx),
             repeat(view<const T>(c.dout()), dx, axes));
  });
}

void max(const Call& c) {
  const DLTensor& x = c.in(0);
  with_number(x.dtype, [&]<class T>(Type<T>) {
    fill(c.out(), lowest<T>());
    const auto take_larger = [](T& y, T value) {
      if (exceeds(value, y)) y = value;
    };
    for_each(take_larger, repeat(view<T>(c.out()), x, axes_attribute(c, 0, x)), view<const T>(x));
  });
}

void max_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto counts = workspace(c, 0.0, c.out());
    const auto y = repeat(view<const T>(c.out()), x, axes), dy = repeat(view<const T>(c.dout()), x, axes);
    const auto count = repeat(counts, x, axes);
    // An element that its maximum does not exceed is one, also where both are NaN.
    for_each([](double& k, T value, T largest) { k += !exceeds(largest, value); }, count, view<const T>(x),
             y);
    const auto share = [](T& dx, T value, T largest, T d, double k) {
      dx = exceeds(largest, value) ? T(0) : static_cast<T>(d / k);
    };
    for_each(share, view<T>(c.din(0)), view<const T>(x), y, dy, count);
  });
}

void argmax(const Call& c) {
  const DLTensor& x = c.in(0);
  const int axis = axis_attribute(c, 0, x);
  const bool keepdims = c.out().ndim == x.ndim;
  with_number(x.dtype, [&]<class T>(Type<T>) {
    fill(c.out(), int64_t{0});
    auto index = view<int64_t>(c.out());
    auto largest = workspace(c, lowest<T>(), c.out());
    if (keepdims) index = index.at(axis, 0), largest = largest.at(axis, 0);
    for (int64_t k = 0; k < x.shape[axis]; ++k) {
      const auto take_larger = [k](int64_t& y, T& best, T value) {
        if (exceeds(value, best)) y = k, best = value;
      };
      for_each(take_larger, index, largest, view<const T>(x).at(axis, k));
    }
  });
}

PLUGRAD_FORWARD(sum, sum);
PLUGRAD_FORWARD(sum_to, sum_to);
PLUGRAD_KERNELS(mean, mean, mean_gradient);
PLUGRAD_KERNELS(max, max, max_gradient);
PLUGRAD_FORWARD(argmax, argmax);

}  // namespace
}  // namespace plugrad::reference

// The largest and the smallest elements along some axes. NaN is above, or below, all numbers.
//
//   max, min         y = max x, min x            dx = dy / k for each of the k elements equal to y, else 0
//   argmax, argmin   y = index of the first one    (locally constant)
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

// Which elements are wanted.
enum class Which { largest, smallest };

// Is x rather than y wanted?
template <Which which, class T>
bool beats(T x, T y) {
  return which == Which::largest ? exceeds(x, y) : falls_below(x, y);
}
// What every element beats, or equals.
template <Which which, class T>
T start() {
  return which == Which::largest ? lowest<T>() : highest<T>();
}

template <Which which>
void extremum(const Call& c) {
  const DLTensor& x = c.in(0);
  with_number(x.dtype, [&]<class T>(Type<T>) {
    fill(c.out(), start<which, T>());
    const auto take_better = [](T& y, T value) {
      if (beats<which>(value, y)) y = value;
    };
    for_each(take_better, repeat(view<T>(c.out()), x, axes_attribute(c, 0, x)), view<const T>(x));
  });
}

template <Which which>
void extremum_gradient(const Call& c) {
  const DLTensor& x = c.in(0);
  const Axes axes = axes_attribute(c, 0, x);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    const auto counts = workspace(c, 0.0, c.out());
    const auto y = repeat(view<const T>(c.out()), x, axes), dy = repeat(view<const T>(c.dout()), x, axes);
    const auto count = repeat(counts, x, axes);
    // An element that is not beaten is one, also where both are NaN.
    for_each([](double& k, T value, T best) { k += !beats<which>(best, value); }, count, view<const T>(x), y);
    const auto share = [](T& dx, T value, T best, T d, double k) {
      dx = beats<which>(best, value) ? T(0) : static_cast<T>(d / k);
    };
    for_each(share, view<T>(c.din(0)), view<const T>(x), y, dy, count);
  });
}

template <Which which>
void place_of_extremum(const Call& c) {
  const DLTensor& x = c.in(0);
  const int axis = axis_attribute(c, 0, x);
  const bool keepdims = c.out().ndim == x.ndim;
  with_number(x.dtype, [&]<class T>(Type<T>) {
    fill(c.out(), int64_t{0});
    auto index = view<int64_t>(c.out());
    auto best = workspace(c, start<which, T>(), c.out());
    if (keepdims) index = index.at(axis, 0), best = best.at(axis, 0);
    for (int64_t k = 0; k < x.shape[axis]; ++k) {
      const auto take_better = [k](int64_t& y, T& so_far, T value) {
        if (beats<which>(value, so_far)) y = k, so_far = value;
      };
      for_each(take_better, index, best, view<const T>(x).at(axis, k));
    }
  });
}

void max(const Call& c) { extremum<Which::largest>(c); }
void max_gradient(const Call& c) { extremum_gradient<Which::largest>(c); }
void min(const Call& c) { extremum<Which::smallest>(c); }
void min_gradient(const Call& c) { extremum_gradient<Which::smallest>(c); }
void argmax(const Call& c) { place_of_extremum<Which::largest>(c); }
void argmin(const Call& c) { place_of_extremum<Which::smallest>(c); }

PLUGRAD_KERNELS(max, max, max_gradient);
PLUGRAD_KERNELS(min, min, min_gradient);
PLUGRAD_FORWARD(argmax, argmax);
PLUGRAD_FORWARD(argmin, argmin);

}  // namespace
}  // namespace plugrad::reference

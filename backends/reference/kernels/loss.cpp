// Losses of elements x and y, and their mean or sum over all n of them.
//
//   mse               l = (x - y)^2
//                     dx = 2 (x - y) g, dy = -dx
//   huber             l = d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2); d = x - y
//                     dx = g times d within [-delta, delta], dy = -dx
//   bce_with_logits   l = -y log s - (1 - y) log(1 - s) = (1 - y) x + log(1 + e^-x); s = 1 / (1 + e^-x)
//                     dx = (s - y) g, dy = -x g
// where g, the gradient of l, is that of the result, over n for the mean.
#include <algorithm>
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

enum Reduction : int64_t { Mean, Sum, None };  // as attribute 0 has them

// The loss l(x, y).
template <class Loss>
void forward(const Call& c, Loss loss) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    if (c.integer(0) == None) return map<T, T, T>(c.out(), {c.in(0), c.in(1)}, loss);
    double sum = 0;
    for_each([&](double x, double y) { sum += loss(x, y); }, view<const T>(c.in(0)), view<const T>(c.in(1)));
    if (c.integer(0) == Mean) sum /= static_cast<double>(size(c.in(0)));
    fill(c.out(), static_cast<T>(sum));
  });
}

// The gradient in input i: slope(x, y) times that of the loss.
template <class Slope>
void gradient_in(const Call& c, int i, Slope slope) {
  if (!c.wants(i)) return;
  const DLTensor& din = c.din(i);
  const double share = c.integer(0) == Mean ? 1 / static_cast<double>(size(din)) : 1;
  with_floating(din.dtype, [&]<class T>(Type<T>) {
    map<T, T, T, T>(din, {c.in(0), c.in(1), c.dout()},
                    [&](double x, double y, double dy) { return slope(x, y) * share * dy; });
  });
}

void mse(const Call& c) {
  forward(c, [](double x, double y) { return (x - y) * (x - y); });
}
void mse_gradient(const Call& c) {
  gradient_in(c, 0, [](double x, double y) { return 2 * (x - y); });
  gradient_in(c, 1, [](double x, double y) { return 2 * (y - x); });
}

void huber(const Call& c) {
  forward(c, [delta = c.real(1)](double x, double y) {
    const double d = std::abs(x - y);
    return d <= delta ? d * d / 2 : delta * (d - delta / 2);
  });
}
void huber_gradient(const Call& c) {
  const auto clamped = [delta = c.real(1)](double d) { return std::clamp(d, -delta, delta); };
  gradient_in(c, 0, [&](double x, double y) { return clamped(x - y); });
  gradient_in(c, 1, [&](double x, double y) { return clamped(y - x); });
}

void bce_with_logits(const Call& c) {
  // log(1 + e^-x) is max(-x, 0) + log1p(e^-|x|). What is large cancels before what is small is added.
  forward(c, [](double x, double y) {
    const double large = (1 - y) * x + std::max(-x, 0.0);
    return large + std::log1p(std::exp(-std::abs(x)));
  });
}
void bce_with_logits_gradient(const Call& c) {
  gradient_in(c, 0, [](double x, double y) {
    const double e = std::exp(-std::abs(x));
    return (x >= 0 ? 1 : e) / (1 + e) - y;
  });
  if (!c.wants(1)) return;
  const DLTensor& dy = c.din(1);  // of which x alone is saved
  const double share = c.integer(0) == Mean ? 1 / static_cast<double>(size(dy)) : 1;
  with_floating(dy.dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(dy, {c.in(0), c.dout()}, [=](double x, double d) { return -x * share * d; });
  });
}

PLUGRAD_KERNELS(mse, mse, mse_gradient);
PLUGRAD_KERNELS(huber, huber, huber_gradient);
PLUGRAD_KERNELS(bce_with_logits, bce_with_logits, bce_with_logits_gradient);

}  // namespace
}  // namespace plugrad::reference

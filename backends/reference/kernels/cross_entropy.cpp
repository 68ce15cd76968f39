// The mean negative log-likelihood of labels under the softmax of logits x [n,c].
//
//   y = sum over i of (logsumexp(x[i,:]) - x[i,label[i]]) / n
//   dx[i,j] = dy (e^(x[i,j] - logsumexp(x[i,:])) - [j = label[i]]) / n
#include <cmath>

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

// log of the sum of e^x over a row; its maximum is subtracted first, so that no exponential overflows.
template <class T>
double logsumexp(const View<const T>& row) {
  double max = lowest<double>(), sum = 0;
  for_each([&](double x) { max = exceeds(x, max) ? x : max; }, row);
  for_each([&](double x) { sum += std::exp(x - max); }, row);
  return max + std::log(sum);
}

void cross_entropy(const Call& c) {
  with_floating(c.in(0).dtype, [&]<class T>(Type<T>) {
    with_integer(c.in(1).dtype, [&]<class I>(Type<I>) {
      const auto x = view<const T>(c.in(0));
      const auto label = view<const I>(c.in(1));
      double sum = 0;
      for (int64_t i = 0; i < x.shape[0]; ++i)
        sum += logsumexp(x.at(0, i)) - x(i, checked_index(label(i), x.shape[1], "classes"));
      fill(c.out(), static_cast<T>(sum / static_cast<double>(x.shape[0])));
    });
  });
}

void cross_entropy_gradient(const Call& c) {
  if (!c.wants(0)) return;
  with_floating(c.in(0).dtype, [&]<class T>(Type<T>) {
    with_integer(c.in(1).dtype, [&]<class I>(Type<I>) {
      const auto x = view<const T>(c.in(0));
      const auto label = view<const I>(c.in(1));
      const auto dx = view<T>(c.din(0));
      const double scale = *data<T>(c.dout()) / static_cast<double>(x.shape[0]);
      for (int64_t i = 0; i < x.shape[0]; ++i) {
        const double log_sum = logsumexp(x.at(0, i));
        for (int64_t j = 0; j < x.shape[1]; ++j)
          dx(i, j) = static_cast<T>(scale * (std::exp(x(i, j) - log_sum) - (j == label(i))));
      }
    });
  });
}

PLUGRAD_KERNELS(cross_entropy, cross_entropy, cross_entropy_gradient);

}  // namespace
}  // namespace plugrad::reference

// The mean negative log-likelihood of labels: of log-probabilities x [n,c], or under the softmax of logits x.
// The mean is over the m rows whose label is not the one to ignore.
//
//   nll             y = sum over these i of -x[i,label[i]] / m
//                   dx[i,j] = -dy [j = label[i]] / m
//   cross_entropy   y = sum over these i of (logsumexp(x[i,:]) - x[i,label[i]]) / m
//                   dx[i,j] = dy (e^(x[i,j] - logsumexp(x[i,:])) - [j = label[i]]) / m
// In rows that are ignored dx = 0.
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

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

// Calls f(x, rows that count) with rows as pairs of their number and their label, checked.
using CountedRows = std::vector<std::pair<int64_t, int64_t>>;
template <class F>
void with_counted_rows(const Call& c, F f) {
  const int64_t ignored = c.integer(0);
  const bool none_ignored = ignored == std::numeric_limits<int64_t>::min();
  CountedRows rows;
  with_integer(c.in(1).dtype, [&]<class I>(Type<I>) {
    const auto labels = view<const I>(c.in(1));
    for (int64_t i = 0; i < labels.shape[0]; ++i)
      if (none_ignored || labels(i) != ignored)
        rows.emplace_back(i, checked_index(labels(i), c.in(0).shape[1], "classes"));
  });
  with_floating(c.in(0).dtype, [&]<class T>(Type<T>) { f(view<const T>(c.in(0)), rows, T{}); });
}

void cross_entropy(const Call& c) {
  with_counted_rows(c, [&]<class T>(const auto& x, const CountedRows& rows, T) {
    double sum = 0;
    for (const auto& [i, label] : rows) sum += logsumexp(x.at(0, i)) - x(i, label);
    fill(c.out(), static_cast<T>(sum / static_cast<double>(rows.size())));
  });
}

void cross_entropy_gradient(const Call& c) {
  if (!c.wants(0)) return;
  with_counted_rows(c, [&]<class T>(const auto& x, const CountedRows& rows, T) {
    fill(c.din(0), T{0});
    const auto dx = view<T>(c.din(0));
    const double scale = *data<T>(c.dout()) / static_cast<double>(rows.size());
    for (const auto& [i, label] : rows) {
      const double log_sum = logsumexp(x.at(0, i));
      for (int64_t j = 0; j < x.shape[1]; ++j)
        dx(i, j) = static_cast<T>(scale * (std::exp(x(i, j) - log_sum) - (j == label)));
    }
  });
}

void nll(const Call& c) {
  with_counted_rows(c, [&]<class T>(const auto& x, const CountedRows& rows, T) {
    double sum = 0;
    for (const auto& [i, label] : rows) sum -= x(i, label);
    fill(c.out(), static_cast<T>(sum / static_cast<double>(rows.size())));
  });
}

void nll_gradient(const Call& c) {
  if (!c.wants(0)) return;
  with_counted_rows(c, [&]<class T>(const auto&, const CountedRows& rows, T) {
    fill(c.din(0), T{0});
    const auto dx = view<T>(c.din(0));
    for (const auto& [i, label] : rows)
      dx(i, label) = static_cast<T>(-*data<T>(c.dout()) / static_cast<double>(rows.size()));
  });
}

PLUGRAD_KERNELS(cross_entropy, cross_entropy, cross_entropy_gradient);
PLUGRAD_KERNELS(nll, nll, nll_gradient);

}  // namespace
}  // namespace plugrad::reference

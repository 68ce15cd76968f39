// Indices drawn in proportion to weights, row by row; locally constant and bit-equal on all backends.
//
// With replacement, by the inverse of the cumulative sum: the first i with c[i] > u c[n - 1], u in [0, 1) of
// 53 random bits. c is in float64, and the order of its additions is part of its definition: sums within
// chunks of 256 weights, beginning at 0, on top of the sum of the chunks before, which are added up one after
// the other.
//
// Without, the indices with the smallest e / w come, in that order, of equal ones the first before, where
// e = -ln u, u in (0, 1], is exponentially distributed: they have the distribution of draws one after the
// other (Efraimidis and Spirakis: Weighted random sampling with a reservoir. IPL 97, 2006). The operations of
// the logarithm are part of the definition, too: libraries differ in last bits, and so in the order.
#include <cmath>
#include <string>

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/philox.h"

namespace plugrad::reference {
namespace {

[[noreturn]] void fail(int64_t row, const std::string& what) {
  throw Failure(PLUGRAD_BAD_SHAPE, "row " + std::to_string(row) + " of the weights has " + what);
}

template <class T>
void check_weights(const T* w, int64_t n, int64_t row) {
  for (int64_t i = 0; i < n; ++i)
    if (!(w[i] >= 0 && std::isfinite(w[i]))) fail(row, "one that is negative or not finite");
}

// The cumulative sum of a row.
template <class T>
void accumulate(double* sums, const T* w, int64_t n) {
  double before = 0;
  for (int64_t begin = 0; begin < n; begin += 256) {
    double sum = 0;
    const int64_t end = std::min(begin + 256, n);
    for (int64_t i = begin; i < end; ++i) {
      sum += static_cast<double>(w[i]);
      sums[i] = before + sum;
    }
    before += sum;
  }
}

// ln(m / 2^53) for 1 <= m <= 2^53: k ln 2 + ln f with f in [sqrt(1/2), sqrt(2)], and ln f = 2 artanh s by its
// series up to s^23, with s = (f - 1) / (f + 1).
double log_of_53_bits(uint64_t m) {
  int k;
  double f = 2 * std::frexp(static_cast<double>(m), &k);  // 1 <= f < 2, m = f 2^(k - 1)
  k -= 54;
  if (f > 1.4142135623730951) {
    f /= 2;
    ++k;
  }
  const double s = (f - 1) / (f + 1), z = s * s;
  double series = 0;
  for (int term = 23; term > 1; term -= 2) series = (series + 1.0 / term) * z;
  return k * 0.69314718055994531 + (2 * s + 2 * s * series);
}

// The rows of weights, compact, and of results.
template <class T>
struct Rows {
  const T* weights;
  int64_t* indices;
  int64_t n, count;
  Draw draw;
};

template <class T>
void with_replacement(const Rows<T>& rows, int64_t r, double* sums) {
  accumulate(sums, rows.weights, rows.n);
  const double total = sums[rows.n - 1];
  if (!(total > 0 && std::isfinite(total))) fail(r, "no finite sum above 0");
  for (int64_t k = 0; k < rows.count; ++k) {
    const double u = static_cast<double>(rows.draw.bits64(r * rows.count + k) >> 11) * 0x1p-53;
    int64_t i = 0;
    while (!(sums[i] > u * total || sums[i] == total)) ++i;
    rows.indices[k] = i;
  }
}

template <class T>
void without_replacement(const Rows<T>& rows, int64_t r, double* keys, int64_t* order) {
  int64_t candidates = 0;
  for (int64_t i = 0; i < rows.n; ++i) {
    const double weight = static_cast<double>(rows.weights[i]);
    keys[i] = -log_of_53_bits((rows.draw.bits64(r * rows.n + i) >> 11) + 1) / weight;
    if (weight > 0) order[candidates++] = i;
  }
  if (candidates < rows.count) fail(r, "but " + std::to_string(candidates) + " above 0");
  std::sort(order, order + candidates,
            [keys](int64_t a, int64_t b) { return keys[a] != keys[b] ? keys[a] < keys[b] : a < b; });
  std::copy_n(order, rows.count, rows.indices);
}

void multinomial(const Call& c) {
  if (size(c.out()) == 0) return;
  const DLTensor& weights = c.in(0);
  const int64_t n = weights.shape[weights.ndim - 1], count = c.integer(0), all = size(weights);
  const Draw draw{static_cast<uint64_t>(c.integer(2)), static_cast<uint64_t>(c.integer(3))};
  double* numbers = c.workspace<double>(n);
  int64_t* order = c.workspace<int64_t>(n);
  with_floating(weights.dtype, [&]<class T>(Type<T>) {
    const auto compact = workspace(c, T{}, weights);
    for_each([](T& to, T from) { to = from; }, compact, view<const T>(weights));
    for (int64_t r = 0; r < all / n; ++r) {
      const Rows<T> rows{compact.data + r * n, data<int64_t>(c.out()) + r * count, n, count, draw};
      check_weights(rows.weights, n, r);
      if (c.integer(1) != 0) with_replacement(rows, r, numbers);
      else without_replacement(rows, r, numbers, order);
    }
  });
}

PLUGRAD_FORWARD(multinomial, multinomial);

}  // namespace
}  // namespace plugrad::reference

// multinomial: indices drawn in proportion to weights w, row by row. Bit-equal on all backends: every
// addition and every step of the logarithm is part of the definition, so nothing here may be contracted to
// fused multiply-add.
//   With replacement: the first i with c[i] > u c[n - 1], u in [0, 1) of 53 bits, c the cumulative sum of w:
//   in float64, within chunks of 256 from 0 on, on top of the sum of the chunks before.
//   Without: the indices of the smallest keys e / w, in that order, of equal ones the first before;
//   e = -ln u, u in (0, 1] of 53 bits (Efraimidis and Spirakis: "Weighted random sampling with a reservoir",
//   IPL 97, 2006).
#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "plugrad/backends/cpu/philox.h"
#include "plugrad/backends/cpu/strided.h"

#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

namespace plugrad::cpu {
namespace {

[[noreturn]] void fail(int64_t row, const std::string& what) {
  throw plugin::Failure(PLUGRAD_BAD_SHAPE, "row " + std::to_string(row) + " of the weights has " + what);
}

double checked(double weight, int64_t row) {
  if (!(weight >= 0 && std::isfinite(weight))) fail(row, "one that is negative or not finite");
  return weight;
}

// The shape of a call, and its random bits.
struct Draws {
  int64_t rows, n, count;
  Philox philox;
  int threads;

  explicit Draws(const Call& c)
      : n(c.in(0).shape[c.in(0).ndim - 1]),
        count(c.integer(0)),
        philox{static_cast<uint64_t>(c.integer(2)), static_cast<uint64_t>(c.integer(3))},
        threads(c.threads()) {
    rows = size(c.in(0)) / n;
  }
  uint64_t bits53(int64_t e) const {
    return bits64(philox(static_cast<uint64_t>(e) / 2), static_cast<size_t>(e % 2)) >> 11;
  }
  // Calls f(row) for all rows, where a row is as much work as `cost` heavy elements.
  template <class F>
  void for_each_row(int64_t cost, F&& f) const {
    parallel_for(threads, rows, std::max<int64_t>(heavy_grain / std::max<int64_t>(cost, 1), 1),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t r = begin; r < end; ++r) f(r);
                 });
  }
};

// The cumulative sum of a row of weights.
template <class T>
void accumulate(const Draws& d, const T* w, int64_t row, double* sums) {
  constexpr int64_t chunk = 256;
  double before = 0;
  for (int64_t begin = 0; begin < d.n; begin += chunk) {
    double sum = 0;
    for (int64_t i = begin; i < std::min(begin + chunk, d.n); ++i) {
      sum += checked(static_cast<double>(w[i]), row);
      sums[i] = before + sum;
    }
    before += sum;
  }
  if (!(before > 0 && std::isfinite(before))) fail(row, "no finite sum above 0");
}

template <class T>
void with_replacement(const Call& c, const Draws& d, const T* weights, int64_t* indices) {
  double* all = c.workspace<double>(d.rows * d.n);
  d.for_each_row(d.n / 4, [&](int64_t r) { accumulate(d, weights + r * d.n, r, all + r * d.n); });
  parallel_for(d.threads, d.rows * d.count, heavy_grain / 4, [&](int64_t begin, int64_t end) {
    for (int64_t e = begin; e < end; ++e) {
      const double *sums = all + e / d.count * d.n, total = sums[d.n - 1];
      const double at = static_cast<double>(d.bits53(e)) * 0x1p-53 * total;  // may be rounded up to total
      indices[e] =
          std::partition_point(sums, sums + d.n, [=](double s) { return !(s > at || s == total); }) - sums;
    }
  });
}

// ln(m / 2^53) for 1 <= m <= 2^53: k ln 2 + ln f with f in [sqrt(1/2), sqrt(2)], and ln f = 2 artanh s by its
// series up to s^23, with s = (f - 1) / (f + 1).
double log_of_53_bits(uint64_t m) {
  constexpr int mantissa_bits = 52, bias = 1023;
  constexpr uint64_t mantissa = (uint64_t{1} << mantissa_bits) - 1;
  const auto bits = std::bit_cast<uint64_t>(static_cast<double>(m));
  double f = std::bit_cast<double>((bits & mantissa) | uint64_t{bias} << mantissa_bits);
  int k = static_cast<int>(bits >> mantissa_bits) - bias - 53;
  if (f > 1.4142135623730951) f /= 2, ++k;
  const double s = (f - 1) / (f + 1), z = s * s;
  double series = 0;
  for (int term = 23; term > 1; term -= 2) series = (series + 1.0 / term) * z;
  return k * 0.69314718055994531 + (2 * s + 2 * s * series);
}

// Keys are not negative, so their bits are in their order; weights of 0 come last.
constexpr uint64_t never = ~uint64_t{0};

template <class T>
void make_keys(const Draws& d, const T* weights, uint64_t* keys) {
  parallel_for(d.threads, d.rows * d.n, heavy_grain, [&](int64_t begin, int64_t end) {
    for (int64_t e = begin; e < end; ++e) {
      const double w = checked(static_cast<double>(weights[e]), e / d.n);
      keys[e] = w > 0 ? std::bit_cast<uint64_t>((0 - log_of_53_bits(d.bits53(e) + 1)) / w) : never;
    }
  });
}

template <class T>
void without_replacement(const Call& c, const Draws& d, const T* weights, int64_t* indices) {
  auto* all_keys = c.workspace<uint64_t>(d.rows * d.n);
  auto* all_orders = c.workspace<int64_t>(d.rows * d.n);
  make_keys(d, weights, all_keys);
  d.for_each_row(d.n / 2, [&](int64_t r) {
    const uint64_t* keys = all_keys + r * d.n;
    int64_t* order = all_orders + r * d.n;
    for (int64_t i = 0; i < d.n; ++i) order[i] = i;
    const auto before = [keys](int64_t a, int64_t b) {
      return keys[a] != keys[b] ? keys[a] < keys[b] : a < b;
    };
    std::nth_element(order, order + (d.count - 1), order + d.n, before);
    std::sort(order, order + (d.count - 1), before);
    if (keys[order[d.count - 1]] == never) {
      const auto candidates = d.n - std::count(keys, keys + d.n, never);
      fail(r, "but " + std::to_string(candidates) + " above 0");
    }
    std::copy_n(order, d.count, indices + r * d.count);
  });
}

void multinomial(const Call& c) {
  if (size(c.out()) == 0) return;
  plugin::with_floating(c.in(0).dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T* weights = compact<T>(c, c.in(0));
    auto* indices = data<int64_t>(c.out());
    if (c.integer(1) != 0) with_replacement(c, Draws(c), weights, indices);
    else without_replacement(c, Draws(c), weights, indices);
  });
}

}  // namespace

PLUGRAD_FORWARD(multinomial, multinomial);

}  // namespace plugrad::cpu

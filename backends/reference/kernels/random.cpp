// Random numbers, the same on every backend: element e is a function of seed, offset and e alone.
//
//   uniform     y = low + (high - low) u     u in [0, 1)
//   normal      y = mean + std z             z = sqrt(-2 ln u1) cos(2 pi u2), the next one with sin (Box,
//   Muller)
//   bernoulli   y = w < p 2^32               w of 32 random bits
//   randint     y = low + floor(b (high - low) / 2^n)    b of n random bits: 64 where high - low <= 2^32,
//                                                        else 128
//
// All are locally constant; the random bits are those of philox.h. All but normal are bit-equal on all
// backends, so this file must be compiled without contraction to fused multiply-add.
#include <cmath>
#include <numbers>

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/philox.h"

namespace plugrad::reference {
namespace {

// The numbers in [0, 1) that a block gives: four for float32, of 24 bits each; two for float64, of 53.
std::array<float, 4> uniforms(const Words& w, Type<float>) {
  const auto u = [](uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24F; };
  return {u(w[0]), u(w[1]), u(w[2]), u(w[3])};
}
std::array<double, 2> uniforms(const Words& w, Type<double>) {
  const auto u = [](uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; };
  return {u(pairs(w)[0]), u(pairs(w)[1])};
}

// Two independent normal numbers of u1 in (0, 1] and u2 in [0, 1].
std::array<double, 2> box_muller(double u1, double u2) {
  const double r = std::sqrt(-2 * std::log(u1)), angle = 2 * std::numbers::pi * u2;
  return {r * std::cos(angle), r * std::sin(angle)};
}

// The normal numbers that a block gives: two pairs for float32, one for float64.
std::array<double, 4> normals(const Words& w, Type<float>) {
  const auto pair = [](uint32_t w1, uint32_t w2) { return box_muller((w1 + 1.0) * 0x1p-32, w2 * 0x1p-32); };
  const auto a = pair(w[0], w[1]), b = pair(w[2], w[3]);
  return {a[0], a[1], b[0], b[1]};
}
std::array<double, 2> normals(const Words& w, Type<double>) {
  const uint64_t u1 = (pairs(w)[0] >> 11) + 1, u2 = pairs(w)[1] >> 11;
  return box_muller(static_cast<double>(u1) * 0x1p-53, static_cast<double>(u2) * 0x1p-53);
}

// y[e] = f(number e), where values_of(words) gives the numbers of one block. Attributes `seed` and the next
// one are seed and offset.
template <class T, class Values, class F>
void fill_by_blocks(const Call& c, int seed, Values values_of, F f) {
  const Draw draw{static_cast<uint64_t>(c.integer(seed)), static_cast<uint64_t>(c.integer(seed + 1))};
  T* y = data<T>(c.out());
  const int64_t n = size(c.out());
  for (int64_t e = 0, block = 0; e < n; ++block)
    for (const auto value : values_of(philox(static_cast<uint64_t>(block), draw.offset, draw.seed)))
      if (e < n) y[e++] = f(value);
}

void uniform(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T> type) {
    const T low = static_cast<T>(c.real(4)), range = static_cast<T>(c.real(5) - c.real(4));
    const auto values_of = [=](const Words& words) { return uniforms(words, type); };
    fill_by_blocks<T>(c, 2, values_of, [=](T u) { return low + range * u; });
  });
}

void normal(const Call& c) {
  const double mean = c.real(4), std = c.real(5);
  with_floating(c.out().dtype, [&]<class T>(Type<T> type) {
    const auto values_of = [=](const Words& words) { return normals(words, type); };
    fill_by_blocks<T>(c, 2, values_of, [=](double z) { return static_cast<T>(mean + std * z); });
  });
}

void bernoulli(const Call& c) {
  const double p = c.real(3);
  const auto words = [](const Words& w) { return w; };
  fill_by_blocks<bool>(c, 1, words, [=](uint32_t w) { return w < p * 0x1p32; });
}

// floor(a b / 2^64), digit by digit in base 2^32.
uint64_t high_product(uint64_t a, uint64_t b) {
  const uint64_t low = uint64_t{low_half(a)} * low_half(b);
  const uint64_t middle = uint64_t{high_half(a)} * low_half(b) + high_half(low);
  const uint64_t other = uint64_t{low_half(a)} * high_half(b) + low_half(middle);
  return uint64_t{high_half(a)} * high_half(b) + high_half(middle) + high_half(other);
}

// floor((first 2^64 + second) range / 2^128).
uint64_t scaled(uint64_t first, uint64_t second, uint64_t range) {
  const uint64_t from_second = high_product(second, range), low = first * range;
  const bool carry = low + from_second < low;
  return high_product(first, range) + carry;
}

void randint(const Call& c) {
  const auto low = static_cast<uint64_t>(c.integer(4)), range = static_cast<uint64_t>(c.integer(5)) - low;
  with_integer(c.out().dtype, [&]<class T>(Type<T>) {
    const auto from_low = [=](uint64_t distance) { return static_cast<T>(low + distance); };
    if (range <= uint64_t{1} << 32)
      return fill_by_blocks<T>(c, 2, pairs, [=](uint64_t b) { return from_low(high_product(b, range)); });
    const auto one = [=](const Words& w) { return std::array{scaled(pairs(w)[0], pairs(w)[1], range)}; };
    fill_by_blocks<T>(c, 2, one, from_low);
  });
}

PLUGRAD_FORWARD(uniform, uniform);
PLUGRAD_FORWARD(normal, normal);
PLUGRAD_FORWARD(bernoulli, bernoulli);
PLUGRAD_FORWARD(randint, randint);

}  // namespace
}  // namespace plugrad::reference

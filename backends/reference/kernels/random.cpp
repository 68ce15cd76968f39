// Random numbers, the same on every backend: element e is a function of seed, offset and e alone.
//
//   uniform   y = low + (high - low) u     u in [0, 1)
//   normal    y = mean + std z             z = sqrt(-2 ln u1) cos(2 pi u2), the next one with sin (Box,
//   Muller)
//
// Both are locally constant. u come from Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers:
// as easy as 1, 2, 3. SC 2011), in blocks of four words: the block's number is the counter's low half,
// `offset` the high one, `seed` the key. uniform is bit-equal on all backends, so this file must be compiled
// without contraction to fused multiply-add.
#include <array>
#include <cmath>
#include <numbers>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

using Words = std::array<uint32_t, 4>;

constexpr uint32_t low_half(uint64_t x) { return static_cast<uint32_t>(x); }
constexpr uint32_t high_half(uint64_t x) { return static_cast<uint32_t>(x >> 32); }

Words philox(uint64_t block, uint64_t offset, uint64_t seed) {
  Words counter = {low_half(block), high_half(block), low_half(offset), high_half(offset)};
  uint32_t key0 = low_half(seed), key1 = high_half(seed);
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53} * counter[0], product1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {high_half(product1) ^ counter[1] ^ key0, low_half(product1),
               high_half(product0) ^ counter[3] ^ key1, low_half(product0)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

// 53 random bits of two words.
uint64_t bits53(uint32_t high, uint32_t low) { return (uint64_t{high} << 32 | low) >> 11; }

// The numbers in [0, 1) that a block gives: four for float32, of 24 bits each; two for float64, of 53.
std::array<float, 4> uniforms(const Words& w, Type<float>) {
  const auto u = [](uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24F; };
  return {u(w[0]), u(w[1]), u(w[2]), u(w[3])};
}
std::array<double, 2> uniforms(const Words& w, Type<double>) {
  const auto u = [](uint64_t bits) { return static_cast<double>(bits) * 0x1p-53; };
  return {u(bits53(w[0], w[1])), u(bits53(w[2], w[3]))};
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
  const uint64_t u1 = bits53(w[0], w[1]) + 1, u2 = bits53(w[2], w[3]);
  return box_muller(static_cast<double>(u1) * 0x1p-53, static_cast<double>(u2) * 0x1p-53);
}

// y[e] = f(number e), where values_of(words) gives the numbers of one block.
template <class T, class Values, class F>
void fill_by_blocks(const Call& c, Values values_of, F f) {
  const auto seed = static_cast<uint64_t>(c.integer(2)), offset = static_cast<uint64_t>(c.integer(3));
  T* y = data<T>(c.out());
  const int64_t n = size(c.out());
  for (int64_t e = 0, block = 0; e < n; ++block)
    for (const auto value : values_of(philox(static_cast<uint64_t>(block), offset, seed)))
      if (e < n) y[e++] = f(value);
}

void uniform(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T> type) {
    const T low = static_cast<T>(c.real(4)), range = static_cast<T>(c.real(5) - c.real(4));
    const auto values_of = [=](const Words& words) { return uniforms(words, type); };
    fill_by_blocks<T>(c, values_of, [=](T u) { return low + range * u; });
  });
}

void normal(const Call& c) {
  const double mean = c.real(4), std = c.real(5);
  with_floating(c.out().dtype, [&]<class T>(Type<T> type) {
    const auto values_of = [=](const Words& words) { return normals(words, type); };
    fill_by_blocks<T>(c, values_of, [=](double z) { return static_cast<T>(mean + std * z); });
  });
}

PLUGRAD_FORWARD(uniform, uniform);
PLUGRAD_FORWARD(normal, normal);

}  // namespace
}  // namespace plugrad::reference

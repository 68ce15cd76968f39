// uniform and normal random numbers, a function of seed, offset and position alone: any number of threads
// draws the same. Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011), keyed by the seed, its counter being (number of the block, offset).
//   uniform: low + (high - low) u, u in [0, 1) of 24 or 53 bits      normal: mean + std z by Box and Muller,
//   in double
// Nothing here may be contracted to fused multiply-add: backends agree bit by bit.
#include <array>
#include <cmath>
#include <numbers>

#include "plugrad/backends/cpu/parallel.h"
#include "plugrad/core/plugin.hpp"

#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

namespace plugrad::cpu {
namespace {

using plugin::Call;
using Words = std::array<uint32_t, 4>;

constexpr uint64_t mul_wide(uint32_t a, uint32_t b) { return uint64_t{a} * b; }
constexpr uint32_t low_word(uint64_t v) { return static_cast<uint32_t>(v); }
constexpr uint32_t high_word(uint64_t v) { return static_cast<uint32_t>(v >> 32); }
constexpr uint64_t join(uint32_t high, uint32_t low) { return uint64_t{high} << 32 | low; }

Words philox(uint64_t block, uint64_t offset, uint64_t seed) {
  Words c = {low_word(block), high_word(block), low_word(offset), high_word(offset)};
  uint32_t k0 = low_word(seed), k1 = high_word(seed);
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9U, k1 += 0xBB67AE85U) {
    const uint64_t p0 = mul_wide(0xD2511F53U, c[0]), p1 = mul_wide(0xCD9E8D57U, c[2]);
    c = {high_word(p1) ^ c[1] ^ k0, low_word(p1), high_word(p0) ^ c[3] ^ k1, low_word(p0)};
  }
  return c;
}

// The numbers that one block gives, for each dtype.
void uniform_block(const Words& w, std::array<float, 4>& u) {
  for (size_t i = 0; i < 4; ++i) u[i] = static_cast<float>(w[i] >> 8) * 0x1p-24F;
}
void uniform_block(const Words& w, std::array<double, 2>& u) {
  for (size_t i = 0; i < 2; ++i) u[i] = static_cast<double>(join(w[2 * i], w[2 * i + 1]) >> 11) * 0x1p-53;
}
// Two normal numbers of u1 in (0, 1] and u2 in [0, 1).
std::array<double, 2> box_muller(double u1, double u2) {
  const double r = std::sqrt(-2 * std::log(u1)), angle = 2 * std::numbers::pi * u2;
  return {r * std::cos(angle), r * std::sin(angle)};
}
std::array<double, 4> normal_block(const Words& w, float) {
  const auto pair = [](uint32_t a, uint32_t b) {
    return box_muller((static_cast<double>(a) + 1) * 0x1p-32, static_cast<double>(b) * 0x1p-32);
  };
  const auto [z0, z1] = pair(w[0], w[1]);
  const auto [z2, z3] = pair(w[2], w[3]);
  return {z0, z1, z2, z3};
}
std::array<double, 2> normal_block(const Words& w, double) {
  return box_muller(static_cast<double>((join(w[0], w[1]) >> 11) + 1) * 0x1p-53,
                    static_cast<double>(join(w[2], w[3]) >> 11) * 0x1p-53);
}

// Fills the output with what `block(words, values)` makes of each block of Philox.
template <class T, class Block>
void generate(const Call& c, int64_t grain, Block block) {
  constexpr int64_t per_block = sizeof(T) == 4 ? 4 : 2;
  T* out = plugin::data<T>(c.out());
  const int64_t n = plugin::size(c.out());
  const auto seed = static_cast<uint64_t>(c.integer(2)), offset = static_cast<uint64_t>(c.integer(3));
  parallel_for(c.threads(), (n + per_block - 1) / per_block, grain / per_block,
               [&](int64_t begin, int64_t end) {
                 std::array<T, static_cast<size_t>(per_block)> values;
                 for (int64_t b = begin; b < end; ++b) {
                   block(philox(static_cast<uint64_t>(b), offset, seed), values);
                   std::copy_n(values.data(), std::min(per_block, n - b * per_block), out + b * per_block);
                 }
               });
}

void uniform(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T low = static_cast<T>(c.real(4)), range = static_cast<T>(c.real(5) - c.real(4));
    generate<T>(c, heavy_grain, [=](const Words& w, auto& values) {
      uniform_block(w, values);
      for (T& v : values) v = low + range * v;
    });
  });
}

void normal(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const double mean = c.real(4), std = c.real(5);
    generate<T>(c, heavy_grain / 4, [=](const Words& w, auto& values) {
      const auto z = normal_block(w, T{});
      for (size_t i = 0; i < z.size(); ++i) values[i] = static_cast<T>(mean + std * z[i]);
    });
  });
}

}  // namespace

PLUGRAD_FORWARD(uniform, uniform);
PLUGRAD_FORWARD(normal, normal);

}  // namespace plugrad::cpu

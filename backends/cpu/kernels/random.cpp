// Random numbers, a function of seed, offset and position alone: any number of threads draws the same.
//   uniform: low + (high - low) u, u in [0, 1) of 24 or 53 bits
//   normal: mean + std z by Box and Muller, in double
//   bernoulli: w < p 2^32, w of 32 bits
//   randint: low + floor(b (high - low) / 2^n), b of n bits: 64 for ranges up to 2^32, else 128
// Nothing here may be contracted to fused multiply-add: backends agree bit by bit.
#include <array>
#include <cmath>
#include <numbers>

#include "plugrad/backends/cpu/parallel.h"
#include "plugrad/backends/cpu/philox.h"
#include "plugrad/core/plugin.hpp"

#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

namespace plugrad::cpu {
namespace {

using plugin::Call;

// The numbers that one block gives, for each dtype.
void uniform_block(const Words& w, std::array<float, 4>& u) {
  for (size_t i = 0; i < 4; ++i) u[i] = static_cast<float>(w[i] >> 8) * 0x1p-24F;
}
void uniform_block(const Words& w, std::array<double, 2>& u) {
  for (size_t i = 0; i < 2; ++i) u[i] = static_cast<double>(bits64(w, i) >> 11) * 0x1p-53;
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
  return box_muller(static_cast<double>((bits64(w, 0) >> 11) + 1) * 0x1p-53,
                    static_cast<double>(bits64(w, 1) >> 11) * 0x1p-53);
}

// Fills the output with what `block(words, values)` makes of each block of Philox, `per_block` values of it.
// Attributes `seed` and the next one are seed and offset.
template <class T, int64_t per_block, class Block>
void generate(const Call& c, int seed, int64_t grain, Block block) {
  T* out = plugin::data<T>(c.out());
  const int64_t n = plugin::size(c.out());
  const Philox philox{static_cast<uint64_t>(c.integer(seed)), static_cast<uint64_t>(c.integer(seed + 1))};
  parallel_for(c.threads(), (n + per_block - 1) / per_block, grain / per_block,
               [&](int64_t begin, int64_t end) {
                 std::array<T, static_cast<size_t>(per_block)> values;
                 for (int64_t b = begin; b < end; ++b) {
                   block(philox(static_cast<uint64_t>(b)), values);
                   std::copy_n(values.data(), std::min(per_block, n - b * per_block), out + b * per_block);
                 }
               });
}
template <class T>
constexpr int64_t floats_per_block = sizeof(T) == 4 ? 4 : 2;

void uniform(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T low = static_cast<T>(c.real(4)), range = static_cast<T>(c.real(5) - c.real(4));
    generate<T, floats_per_block<T>>(c, 2, heavy_grain, [=](const Words& w, auto& values) {
      uniform_block(w, values);
      for (T& v : values) v = low + range * v;
    });
  });
}

void normal(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const double mean = c.real(4), std = c.real(5);
    generate<T, floats_per_block<T>>(c, 2, heavy_grain / 4, [=](const Words& w, auto& values) {
      const auto z = normal_block(w, T{});
      for (size_t i = 0; i < z.size(); ++i) values[i] = static_cast<T>(mean + std * z[i]);
    });
  });
}

void bernoulli(const Call& c) {
  const auto below = static_cast<uint64_t>(std::ceil(c.real(3) * 0x1p32));
  generate<bool, 4>(c, 1, heavy_grain, [=](const Words& w, auto& values) {
    for (size_t i = 0; i < 4; ++i) values[i] = w[i] < below;
  });
}

__extension__ using Wide = unsigned __int128;

uint64_t high_product(uint64_t a, uint64_t b) { return static_cast<uint64_t>(Wide{a} * b >> 64); }

void randint(const Call& c) {
  const auto low = static_cast<uint64_t>(c.integer(4)), range = static_cast<uint64_t>(c.integer(5)) - low;
  plugin::with_integer(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    if (range <= uint64_t{1} << 32)
      return generate<T, 2>(c, 2, heavy_grain, [=](const Words& w, auto& values) {
        for (size_t i = 0; i < 2; ++i) values[i] = static_cast<T>(low + high_product(bits64(w, i), range));
      });
    generate<T, 1>(c, 2, heavy_grain, [=](const Words& w, auto& values) {
      const Wide product = Wide{bits64(w, 0)} * range + high_product(bits64(w, 1), range);
      values[0] = static_cast<T>(low + static_cast<uint64_t>(product >> 64));
    });
  });
}

}  // namespace

PLUGRAD_FORWARD(uniform, uniform);
PLUGRAD_FORWARD(normal, normal);
PLUGRAD_FORWARD(bernoulli, bernoulli);
PLUGRAD_FORWARD(randint, randint);

}  // namespace plugrad::cpu

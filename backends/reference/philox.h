// Where random numbers come from: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy
// as 1, 2, 3. SC 2011), in blocks of four words. The block's number is the counter's low half, the draw's
// `offset` its high one, and `seed` the key.
#pragma once

#include <array>
#include <cstdint>

namespace plugrad::reference {

using Words = std::array<uint32_t, 4>;

constexpr uint32_t low_half(uint64_t x) { return static_cast<uint32_t>(x); }
constexpr uint32_t high_half(uint64_t x) { return static_cast<uint32_t>(x >> 32); }

inline Words philox(uint64_t block, uint64_t offset, uint64_t seed) {
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

// 64 random bits: of the first two words or of the last two.
inline std::array<uint64_t, 2> pairs(const Words& w) {
  return {uint64_t{w[0]} << 32 | w[1], uint64_t{w[2]} << 32 | w[3]};
}

// One draw: what element e gets, where a block serves two elements.
struct Draw {
  uint64_t seed, offset;
  uint64_t bits64(int64_t e) const {
    return pairs(philox(static_cast<uint64_t>(e) / 2, offset, seed))[static_cast<size_t>(e % 2)];
  }
};

}  // namespace plugrad::reference

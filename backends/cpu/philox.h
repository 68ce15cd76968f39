// The random bits of all random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers:
// as easy as 1, 2, 3", SC 2011), keyed by the seed, its counter being (number of the block, offset).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace plugrad::cpu {

using Words = std::array<uint32_t, 4>;

constexpr uint32_t low_word(uint64_t v) { return static_cast<uint32_t>(v); }
constexpr uint32_t high_word(uint64_t v) { return static_cast<uint32_t>(v >> 32); }

// One draw of an array.
struct Philox {
  uint64_t seed, offset;

  constexpr Words operator()(uint64_t block) const {
    Words c = {low_word(block), high_word(block), low_word(offset), high_word(offset)};
    uint32_t k0 = low_word(seed), k1 = high_word(seed);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9U, k1 += 0xBB67AE85U) {
      const uint64_t p0 = uint64_t{0xD2511F53U} * c[0], p1 = uint64_t{0xCD9E8D57U} * c[2];
      c = {high_word(p1) ^ c[1] ^ k0, low_word(p1), high_word(p0) ^ c[3] ^ k1, low_word(p0)};
    }
    return c;
  }
};

// 64 random bits: those of words 0 and 1, or of 2 and 3.
constexpr uint64_t bits64(const Words& w, size_t pair) {
  return uint64_t{w[2 * pair]} << 32 | w[2 * pair + 1];
}

}  // namespace plugrad::cpu

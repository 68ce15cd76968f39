// The random bits of all random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers:
// as easy as 1, 2, 3", SC 2011). The key is the seed, the counter the number of the block of four words, and
// the offset.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

struct Words {
  uint32_t word[4];
  // 64 random bits: those of words 0 and 1, or of 2 and 3.
  __device__ uint64_t bits64(int pair) const { return uint64_t{word[2 * pair]} << 32 | word[2 * pair + 1]; }
  __device__ uint64_t bits53(int pair) const { return bits64(pair) >> 11; }
};

// One draw of an array.
struct Philox {
  uint64_t seed, offset;
  __device__ Words operator()(uint64_t block) const {
    uint32_t c0 = static_cast<uint32_t>(block), c1 = static_cast<uint32_t>(block >> 32),
             c2 = static_cast<uint32_t>(offset), c3 = static_cast<uint32_t>(offset >> 32),
             k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; ++round) {
      const uint64_t p0 = uint64_t{0xD2511F53U} * c0, p1 = uint64_t{0xCD9E8D57U} * c2;
      c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
      c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<uint32_t>(p1);
      c3 = static_cast<uint32_t>(p0);
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    return {c0, c1, c2, c3};
  }
};

// The draw that attributes `seed` and the next one state.
inline Philox philox_of(const plugin::Call& c, int seed) {
  return {static_cast<uint64_t>(c.integer(seed)), static_cast<uint64_t>(c.integer(seed + 1))};
}

// x + y z, rounded twice: never contracted to a fused multiply-add, so that it is what other backends have.
__device__ inline float product_sum(float x, float y, float z) { return __fadd_rn(x, __fmul_rn(y, z)); }
__device__ inline double product_sum(double x, double y, double z) { return __dadd_rn(x, __dmul_rn(y, z)); }

}  // namespace plugrad::cuda

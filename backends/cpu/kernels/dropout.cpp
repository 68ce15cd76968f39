// dropout: y = x m; m = 0 where w < p 2^32, else 1 / (1 - p). w is the element's word of 32 random bits, four
// of which come with each block of Philox (philox.h): any number of threads draws the same. The gradient is
// dropout of dy.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/dropout.cpp"
#include <cmath>

#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/philox.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

constexpr size_t batch = 32, words_of_block = 4;  // blocks that are drawn side by side
constexpr auto batch_words = static_cast<int64_t>(batch * words_of_block);

// The words of `batch` blocks from `first` on. These loops are Philox's rounds, word by word for all blocks,
// which the compiler turns into vectors.
HWY_NOINLINE void draw(const Philox& philox, uint64_t first, uint32_t (&words)[batch * words_of_block]) {
  uint32_t c[words_of_block][batch];
  for (size_t j = 0; j < batch; ++j) {
    c[0][j] = low_word(first + j);
    c[1][j] = high_word(first + j);
    c[2][j] = low_word(philox.offset);
    c[3][j] = high_word(philox.offset);
  }
  uint32_t k0 = low_word(philox.seed), k1 = high_word(philox.seed);
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9U, k1 += 0xBB67AE85U)
    for (size_t j = 0; j < batch; ++j) {
      const uint64_t p0 = uint64_t{0xD2511F53U} * c[0][j], p1 = uint64_t{0xCD9E8D57U} * c[2][j];
      c[0][j] = high_word(p1) ^ c[1][j] ^ k0;
      c[1][j] = low_word(p1);
      c[2][j] = high_word(p0) ^ c[3][j] ^ k1;
      c[3][j] = low_word(p0);
    }
  for (size_t j = 0; j < batch; ++j)
    for (size_t i = 0; i < words_of_block; ++i) words[words_of_block * j + i] = c[i][j];
}

// y[i] = x[i] kept, but times 0 where the word is below `dropped`.
template <class T>
HWY_NOINLINE void apply(const uint32_t* words, uint32_t dropped, T kept, const T* x, T* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * (words[i] < dropped ? T{0} : kept);
}

void dropout(const Call& c) {
  const double p = c.real(0);
  // Words below this are dropped. Where that should be all, the rest is multiplied by 0, too.
  const auto dropped = static_cast<uint32_t>(std::min(std::ceil(p * 0x1p32), 0x1p32 - 1));
  const Philox philox{static_cast<uint64_t>(c.integer(1)), static_cast<uint64_t>(c.integer(2))};
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T kept = static_cast<T>(p < 1 ? 1 / (1 - p) : 0);
    const T* x = compact<T>(c, c.in(0));
    T* y = data<T>(c.out());
    const int64_t n = size(c.out());
    parallel_for(c.threads(), (n + batch_words - 1) / batch_words, heavy_grain / batch_words,
                 [&](int64_t begin, int64_t end) HWY_ATTR {
                   uint32_t words[batch * words_of_block];
                   for (int64_t b = begin; b < end; ++b) {
                     draw(philox, static_cast<uint64_t>(b) * batch, words);
                     const int64_t at = b * batch_words;
                     apply(words, dropped, kept, x + at, y + at, std::min(batch_words, n - at));
                   }
                 });
  });
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_FORWARD(dropout);
}  // namespace plugrad::cpu
#endif

// dropout: y = x m; m = 0 where w < p 2^32, else 1 / (1 - p). w is the element's word of 32 random bits, four
// of which come with each block of Philox: any number of threads draws the same. The gradient is dropout of
// dy.
#include <cmath>

#include "plugrad/backends/cpu/philox.h"
#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

void dropout(const Call& c) {
  constexpr int64_t per_block = 4;
  const double p = c.real(0);
  const auto dropped = static_cast<uint64_t>(std::ceil(p * 0x1p32));  // words below this
  const Philox philox{static_cast<uint64_t>(c.integer(1)), static_cast<uint64_t>(c.integer(2))};
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T kept = static_cast<T>(p < 1 ? 1 / (1 - p) : 0);
    const T* x = compact<T>(c, c.in(0));
    T* y = data<T>(c.out());
    const int64_t n = size(c.out());
    parallel_for(c.threads(), (n + per_block - 1) / per_block, heavy_grain / per_block,
                 [&](int64_t begin, int64_t end) {
                   for (int64_t b = begin; b < end; ++b) {
                     const Words w = philox(static_cast<uint64_t>(b));
                     for (int64_t i = b * per_block, k = 0; k < std::min(per_block, n - b * per_block);
                          ++i, ++k)
                       y[i] = x[i] * (w[static_cast<size_t>(k)] < dropped ? T{0} : kept);
                   }
                 });
  });
}

PLUGRAD_FORWARD(dropout, dropout);

}  // namespace
}  // namespace plugrad::cpu

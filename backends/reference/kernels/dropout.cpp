// Elements left out at random.
//
//   dropout   y = x m; m = 0 where w < p 2^32, else 1 / (1 - p)    dx = dy m    (no kernel: dropout of dy)
//
// w is the element's word of 32 random bits: four of them come with each block of Philox (philox.h).
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/philox.h"

namespace plugrad::reference {
namespace {

void dropout(const Call& c) {
  const double p = c.real(0);
  const auto seed = static_cast<uint64_t>(c.integer(1)), offset = static_cast<uint64_t>(c.integer(2));
  uint64_t e = 0;
  const auto mask = [&] {
    const Words words = philox(e / 4, offset, seed);
    return words[e++ % 4] < p * 0x1p32 ? 0 : 1 / (1 - p);
  };
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [&](double x) { return x * mask(); });
  });
}

PLUGRAD_FORWARD(dropout, dropout);

}  // namespace
}  // namespace plugrad::reference

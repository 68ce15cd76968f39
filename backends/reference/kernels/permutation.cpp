// permutation: the indices 0 to n - 1 in the order of 64 random bits each, of equal ones the first before.
// Locally constant; bit-equal on all backends.
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/philox.h"

namespace plugrad::reference {
namespace {

void permutation(const Call& c) {
  const int64_t n = c.integer(0);
  const Draw draw{static_cast<uint64_t>(c.integer(1)), static_cast<uint64_t>(c.integer(2))};
  uint64_t* keys = c.workspace<uint64_t>(std::max<int64_t>(n, 1));
  int64_t* order = data<int64_t>(c.out());
  for (int64_t e = 0; e < n; ++e) {
    keys[e] = draw.bits64(e);
    order[e] = e;
  }
  std::sort(order, order + n,
            [keys](int64_t a, int64_t b) { return keys[a] != keys[b] ? keys[a] < keys[b] : a < b; });
}

PLUGRAD_FORWARD(permutation, permutation);

}  // namespace
}  // namespace plugrad::reference

// cumsum: y_k = the sum of x_i along an axis over i <= k, or over i >= k with `reverse`. Each pass adds up in
// float64 and rounds every result of float32 once.   dx = cumsum of dy the other way (no kernel)
#include "plugrad/backends/cpu/scan.h"

namespace plugrad::cpu {
namespace {

template <class T, class Sum>
void cumsum_of(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  bool passed[PLUGRAD_MAX_NDIM] = {};
  passed[c.integer(0) < 0 ? c.integer(0) + x.ndim : c.integer(0)] = true;
  const T* from = data<const T>(x);
  T* to = data<T>(y);
  scan(c.threads(), ScanAxes<2>(x, {&x, &y}, passed, c.integer(1) != 0), Sum{0},
       [from, to](Sum& sum, const int64_t(&place)[2]) {
         sum += static_cast<Sum>(from[place[0]]);
         to[place[1]] = static_cast<T>(sum);
       });
}

void cumsum(const Call& c) {
  if (c.out().dtype.code == kDLInt) return cumsum_of<int64_t, uint64_t>(c);  // sums wrap
  plugin::with_floating(c.out().dtype, [&]<class T>(plugin::Type<T>) { cumsum_of<T, double>(c); });
}

PLUGRAD_FORWARD(cumsum, cumsum);

}  // namespace
}  // namespace plugrad::cpu

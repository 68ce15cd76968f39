// cumsum: y_k = the sum of x_i along an axis over i <= k, or over i >= k with `reverse`; float32 is added up
// in float64.   dx = cumsum of dy the other way (no kernel)
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

void cumsum(const Call& c) {
  const DLTensor& x = c.in(0);
  const int axis = axis_attribute(c, 0, x);
  const bool reverse = c.integer(1) != 0;
  const auto run = [&]<class T>(Type<T>) {
    const auto sums = workspace(c, Sum<T>(0), x, only(axis)).at(axis, 0);
    const int64_t n = x.shape[axis];
    for (int64_t i = 0; i < n; ++i) {
      const int64_t k = reverse ? n - 1 - i : i;
      const auto add = [](T& y, Sum<T>& sum, T value) {
        sum += static_cast<Sum<T>>(value);
        y = static_cast<T>(sum);
      };
      for_each(add, view<T>(c.out()).at(axis, k), sums, view<const T>(x).at(axis, k));
    }
  };
  if (x.dtype.code == kDLInt) run(Type<int64_t>{});
  else with_floating(x.dtype, run);
}

PLUGRAD_FORWARD(cumsum, cumsum);

}  // namespace
}  // namespace plugrad::reference

// Elements in other places.
//
//   roll   y[(i + shift) mod n] = x[i] along an axis     dx = dy, rolled back    (no kernel)
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void roll(const Call& c) {
  const int axis = axis_attribute(c, 1, c.out());
  const int64_t n = c.out().shape[axis];
  with_any(c.out().dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(c.in(0));
    const auto y = view<T>(c.out());
    for (int64_t i = 0; i < n; ++i) {
      const int64_t to = (i + c.integer(0) % n + n) % n;
      for_each([](T& value, T from) { value = from; }, y.at(axis, to), x.at(axis, i));
    }
  });
}

PLUGRAD_FORWARD(roll, roll);

}  // namespace
}  // namespace plugrad::reference

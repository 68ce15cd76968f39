// Arrays put one after the other along an axis.
//
//   concat   y = x0, x1, ...   dx0, dx1, ... = the slices of dy    (no kernel)
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void concat(const Call& c) {
  const int axis = axis_attribute(c, 0, c.out());
  with_any(c.out().dtype, [&]<class T>(Type<T>) {
    int64_t start = 0;
    for (int i = 0; i < c.n_in(); ++i) {
      const auto x = view<const T>(c.in(i));
      for_each([](T& y, T value) { y = value; }, view<T>(c.out()).narrow(axis, start, x.shape[axis]), x);
      start += x.shape[axis];
    }
  });
}

PLUGRAD_FORWARD(concat, concat);

}  // namespace
}  // namespace plugrad::reference

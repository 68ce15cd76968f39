// Where an array is not zero.
//
//   flatnonzero   the row-major places of the first elements that are not 0, then the number of elements, for
//                 the places that are wanting    (locally constant)
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void flatnonzero(const Call& c) {
  auto* const places = data<int64_t>(c.out());
  const int64_t count = size(c.out());
  std::fill_n(places, count, size(c.in(0)));
  with_any(c.in(0).dtype, [&]<class T>(Type<T>) {
    int64_t place = 0, found = 0;
    for_each(
        [&](T x) {
          if (x != T(0) && found < count) places[found++] = place;
          ++place;
        },
        view<const T>(c.in(0)));
  });
}

PLUGRAD_FORWARD(flatnonzero, flatnonzero);

}  // namespace
}  // namespace plugrad::reference

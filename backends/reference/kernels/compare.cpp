// Comparisons and the choice by a condition, element by element, with broadcasting.
//
//   equal, not_equal, less, less_equal, greater, greater_equal   (locally constant)
//   where   z = x where c, else y    dx = dz where c, else 0; dy = 0 where c, else dz
#include <functional>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

template <class Relation>
void compare(const Call& c) {
  with_any(c.in(0).dtype, [&]<class T>(Type<T>) {
    map<bool, T, T>(c.out(), {c.in(0), c.in(1)}, [](T x, T y) { return Relation{}(x, y); });
  });
}

void where(const Call& c) {
  with_any(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, bool, T, T>(c.out(), {c.in(0), c.in(1), c.in(2)},
                       [](bool condition, T x, T y) { return condition ? x : y; });
  });
}

void where_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    for (const bool chosen : {true, false}) {
      const int input = chosen ? 1 : 2;
      if (c.wants(input))
        map<T, bool, T>(c.din(input), {c.in(0), c.dout()},
                        [chosen](bool condition, T dz) { return condition == chosen ? dz : T(0); });
    }
  });
}

PLUGRAD_FORWARD(equal, compare<std::equal_to<>>);
PLUGRAD_FORWARD(not_equal, compare<std::not_equal_to<>>);
PLUGRAD_FORWARD(less, compare<std::less<>>);
PLUGRAD_FORWARD(less_equal, compare<std::less_equal<>>);
PLUGRAD_FORWARD(greater, compare<std::greater<>>);
PLUGRAD_FORWARD(greater_equal, compare<std::greater_equal<>>);
PLUGRAD_KERNELS(where, where, where_gradient);

}  // namespace
}  // namespace plugrad::reference

// Elements as they are, or as another dtype.
//
//   copy   y = x                dx = dy           (no kernel)
//   cast   y = x as a dtype     dx = dy, cast     (no kernel)
//   full   y = value            (locally constant)
#include <limits>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// Floating numbers become integers by truncation toward zero; those that do not fit, and NaN, become the
// lowest one (C++ leaves them undefined; x86 does this, too). The bounds are powers of two, so exact in any
// floating type.
template <class To, class From>
To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    constexpr auto lowest = static_cast<From>(std::numeric_limits<To>::lowest());
    return x >= lowest && x < -lowest ? static_cast<To>(x) : std::numeric_limits<To>::lowest();
  } else {
    return static_cast<To>(x);
  }
}

void copy(const Call& c) {
  with_any(c.out().dtype, [&]<class T>(Type<T>) { map<T, T>(c.out(), {c.in(0)}, [](T x) { return x; }); });
}

void cast(const Call& c) {
  with_any(c.in(0).dtype, [&]<class From>(Type<From>) {
    with_any(c.out().dtype,
             [&]<class To>(Type<To>) { map<To, From>(c.out(), {c.in(0)}, convert<To, From>); });
  });
}

void full(const Call& c) {
  with_any(c.out().dtype, [&]<class T>(Type<T>) { fill(c.out(), convert<T>(c.real(1))); });
}

PLUGRAD_FORWARD(copy, copy);
PLUGRAD_FORWARD(cast, cast);
PLUGRAD_FORWARD(full, full);

}  // namespace
}  // namespace plugrad::reference

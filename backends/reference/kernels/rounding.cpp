// Rounding to integers, element by element; integers stay what they are.
//
//   floor   down       ceil    up
//   trunc   toward 0   round   to the nearest, halves to the even one     (locally constant)
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

template <class F>
void rounded(const Call& c, F f) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [&](T x) {
      if constexpr (std::is_integral_v<T>) return x;
      else return f(x);
    });
  });
}

void floor(const Call& c) {
  rounded(c, [](double x) { return std::floor(x); });
}
void ceil(const Call& c) {
  rounded(c, [](double x) { return std::ceil(x); });
}
void trunc(const Call& c) {
  rounded(c, [](double x) { return std::trunc(x); });
}
void round(const Call& c) {
  rounded(c, [](double x) {
    const double nearest = std::round(x);  // halves away from 0
    const bool half = std::abs(x - std::trunc(x)) == 0.5;
    return half ? std::copysign(2 * std::round(x / 2), x) : nearest;
  });
}

PLUGRAD_FORWARD(floor, floor);
PLUGRAD_FORWARD(ceil, ceil);
PLUGRAD_FORWARD(round, round);
PLUGRAD_FORWARD(trunc, trunc);

}  // namespace
}  // namespace plugrad::reference

// Values moved between two bounds, element by element.
//
//   clamp   y = low where x < low, high where x > high, else x    dx = dy where low <= x <= high, else 0
#include <limits>
#include <type_traits>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// The bounds that are attributes 0 and 1, as T; integers have none beyond their range.
template <class T>
struct Bounds {
  T low, high;
  explicit Bounds(const Call& c) : low(bound(c.real(0))), high(bound(c.real(1))) {}
  static T bound(double x) {
    using Limits = std::numeric_limits<T>;
    if (std::is_floating_point_v<T>) return static_cast<T>(x);
    if (x <= static_cast<double>(Limits::min())) return Limits::min();
    return x >= static_cast<double>(Limits::max()) ? Limits::max() : static_cast<T>(x);
  }
};

void clamp(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T>(c.out(), {c.in(0)}, [b = Bounds<T>(c)](T x) {
      if (x < b.low) return b.low;
      return x > b.high ? b.high : x;  // also for NaN
    });
  });
}

void clamp_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)},
                 [b = Bounds<T>(c)](T dy, T x) { return b.low <= x && x <= b.high ? dy : T(0); });
  });
}

PLUGRAD_KERNELS(clamp, clamp, clamp_gradient);

}  // namespace
}  // namespace plugrad::reference

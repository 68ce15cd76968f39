// copy: a compact copy of a strided view.   cast: to another dtype, floats truncated toward zero.   full: one
// value.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/copy.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <limits>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// Floats that no integer of the type stands for, and NaN, become the least one, as the processor's
// conversions do.
template <class To, class From>
To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != 0;
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    constexpr To least = std::numeric_limits<To>::min();
    return x >= static_cast<From>(least) && x < -static_cast<From>(least) ? static_cast<To>(x) : least;
  } else {
    return static_cast<To>(x);
  }
}
template <class To>
struct Cast {
  template <class From>
  To operator()(From x) const {
    return convert<To>(x);
  }
};

void copy(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  plugin::with_any(y.dtype, [&](auto t) HWY_ATTR {
    using T = Stored<typename decltype(t)::type>;
    copy_to_compact(data<T>(y), data<const T>(x), walk_over(x), c.threads());
  });
}

void cast(const Call& c) {
  if (c.in(0).dtype.code == c.out().dtype.code && c.in(0).dtype.bits == c.out().dtype.bits) return copy(c);
  plugin::with_any(c.in(0).dtype, [&](auto from) HWY_ATTR {
    plugin::with_any(c.out().dtype, [&](auto to) HWY_ATTR {
      using From = Stored<typename decltype(from)::type>;
      using To = typename decltype(to)::type;
      PlainMap<To, From>::run(c, Cast<To>{}, c.out(), c.in(0));
    });
  });
}

void full(const Call& c) {
  const DLTensor& y = c.out();
  plugin::with_any(y.dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    fill(c.threads(), data<T>(y), size(y), convert<T>(c.real(1)));
  });
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_FORWARD(copy);
PLUGRAD_CPU_FORWARD(cast);
PLUGRAD_CPU_FORWARD(full);
}  // namespace plugrad::cpu
#endif

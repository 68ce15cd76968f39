// logical_and, logical_or, logical_xor, logical_not, isnan, isinf and isfinite, elementwise; the first three
// broadcasting. What is not 0 is true, NaN too.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/logic.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/vector_loops-inl.h"

#include <cmath>
#include <limits>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// A connective that takes no notice of its operands' order is two bits, so that one loop serves all three.
struct Connective {
  bool of_one, of_both;  // where one operand is true, where both are
  template <class T>
  bool operator()(T x, T y) const {
    const bool a = x != T{0}, b = y != T{0};
    return (of_one & (a ^ b)) | (of_both & a & b);
  }
};
struct Not {
  template <class T>
  bool operator()(T x) const {
    return x == T{0};
  }
};
// Whether a number is of the kinds accepted.
struct Kind {
  bool nan, infinite, finite;
  template <class T>
  bool operator()(T x) const {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    const T magnitude = std::abs(x);
    return (nan & (x != x)) | (infinite & (magnitude == infinity)) | (finite & (magnitude < infinity));
  }
};

HWY_INLINE void connect(const Call& c, const Connective& connective) {
  plugin::with_any(c.in(0).dtype, [&](auto t) HWY_ATTR {
    using T = Stored<typename decltype(t)::type>;
    PlainMap<bool, T, T>::run(c, connective, c.out(), c.in(0), c.in(1));
  });
}
void logical_and(const Call& c) { connect(c, {.of_one = false, .of_both = true}); }
void logical_or(const Call& c) { connect(c, {.of_one = true, .of_both = true}); }
void logical_xor(const Call& c) { connect(c, {.of_one = true, .of_both = false}); }
void logical_not(const Call& c) {
  plugin::with_any(c.in(0).dtype, [&](auto t) HWY_ATTR {
    using T = Stored<typename decltype(t)::type>;
    PlainMap<bool, T>::run(c, Not{}, c.out(), c.in(0));
  });
}

HWY_INLINE void classify(const Call& c, const Kind& kind) {
  plugin::with_any(c.in(0).dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    if constexpr (std::is_floating_point_v<T>) PlainMap<bool, T>::run(c, kind, c.out(), c.in(0));
    else fill(c.threads(), data<bool>(c.out()), size(c.out()), kind.finite);
  });
}
void isnan(const Call& c) { classify(c, {.nan = true, .infinite = false, .finite = false}); }
void isinf(const Call& c) { classify(c, {.nan = false, .infinite = true, .finite = false}); }
void isfinite(const Call& c) { classify(c, {.nan = false, .infinite = false, .finite = true}); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_FORWARD(logical_and);
PLUGRAD_CPU_FORWARD(logical_or);
PLUGRAD_CPU_FORWARD(logical_xor);
PLUGRAD_CPU_FORWARD(logical_not);
PLUGRAD_CPU_FORWARD(isnan);
PLUGRAD_CPU_FORWARD(isinf);
PLUGRAD_CPU_FORWARD(isfinite);
}  // namespace plugrad::cpu
#endif

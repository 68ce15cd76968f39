// floor, ceil, round (halves to the even neighbour) and trunc, elementwise; the identity on integers.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/rounding.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// The sign is that of x, which Highway forgets in zeros where it has no vectors.
struct Floor {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::CopySign(hn::Floor(x), x);
  }
};
struct Ceil {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::CopySign(hn::Ceil(x), x);
  }
};
struct Round {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::CopySign(hn::Round(x), x);
  }
};
struct Trunc {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::CopySign(hn::Trunc(x), x);
  }
};

template <class Op>
void rounded(const Call& c) {
  if (c.out().dtype.code == kDLFloat) return map_floating(c, Op{}, c.out(), c.in(0));
  plugin::with_integer(c.out().dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    PlainMap<T, T>::run(c, Identity{}, c.out(), c.in(0));
  });
}
void floor(const Call& c) { rounded<Floor>(c); }
void ceil(const Call& c) { rounded<Ceil>(c); }
void round(const Call& c) { rounded<Round>(c); }
void trunc(const Call& c) { rounded<Trunc>(c); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_FORWARD(floor);
PLUGRAD_CPU_FORWARD(ceil);
PLUGRAD_CPU_FORWARD(round);
PLUGRAD_CPU_FORWARD(trunc);
}  // namespace plugrad::cpu
#endif

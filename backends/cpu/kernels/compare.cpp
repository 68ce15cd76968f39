// The comparisons, and where, elementwise and broadcasting.
//   equal, not_equal, less, less_equal, greater, greater_equal: bool
//   where: z = x where c, else y;  dx = dz where c, else 0;  dy = 0 where c, else dz
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/compare.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

struct Equal {
  template <class T>
  bool operator()(T x, T y) const {
    return x == y;
  }
};
struct NotEqual {
  template <class T>
  bool operator()(T x, T y) const {
    return x != y;
  }
};
struct Less {
  template <class T>
  bool operator()(T x, T y) const {
    return x < y;
  }
};
struct LessEqual {
  template <class T>
  bool operator()(T x, T y) const {
    return x <= y;
  }
};
struct Where {
  template <class T>
  T operator()(uint8_t c, T x, T y) const {
    return c != 0 ? x : y;
  }
};
template <bool Condition>
struct WhereGradient {
  template <class T>
  T operator()(uint8_t c, T dz) const {
    return (c != 0) == Condition ? dz : T{0};
  }
};

template <class Op>
void compare(const Call& c, const DLTensor& x, const DLTensor& y) {
  plugin::with_any(x.dtype, [&](auto t) HWY_ATTR {
    using T = Stored<typename decltype(t)::type>;
    PlainMap<bool, T, T>::run(c, Op{}, c.out(), x, y);
  });
}
void equal(const Call& c) { compare<Equal>(c, c.in(0), c.in(1)); }
void not_equal(const Call& c) { compare<NotEqual>(c, c.in(0), c.in(1)); }
void less(const Call& c) { compare<Less>(c, c.in(0), c.in(1)); }
void less_equal(const Call& c) { compare<LessEqual>(c, c.in(0), c.in(1)); }
void greater(const Call& c) { compare<Less>(c, c.in(1), c.in(0)); }
void greater_equal(const Call& c) { compare<LessEqual>(c, c.in(1), c.in(0)); }

void where(const Call& c) {
  plugin::with_any(c.out().dtype, [&](auto t) HWY_ATTR {
    using T = Stored<typename decltype(t)::type>;
    PlainMap<T, uint8_t, T, T>::run(c, Where{}, c.out(), c.in(0), c.in(1), c.in(2));
  });
}
void where_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) HWY_ATTR {
    using T = typename decltype(t)::type;
    if (c.wants(1)) PlainMap<T, uint8_t, T>::run(c, WhereGradient<true>{}, c.din(1), c.in(0), c.dout());
    if (c.wants(2)) PlainMap<T, uint8_t, T>::run(c, WhereGradient<false>{}, c.din(2), c.in(0), c.dout());
  });
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_FORWARD(equal);
PLUGRAD_CPU_FORWARD(not_equal);
PLUGRAD_CPU_FORWARD(less);
PLUGRAD_CPU_FORWARD(less_equal);
PLUGRAD_CPU_FORWARD(greater);
PLUGRAD_CPU_FORWARD(greater_equal);
PLUGRAD_CPU_KERNELS(where);
}  // namespace plugrad::cpu
#endif

// all and any: is none of the elements 0; is one of them not 0? Forward only.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/truth.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cpu/reducers-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// Is there an element whose truth is the one that is looked for? Of `all` that is false, of `any` true.
template <class T>
struct Search {
  using In = T;
  using Accumulator = uint8_t;
  using Out = bool;
  bool wanted = true;
  uint8_t start() const { return 0; }
  uint8_t term(T x) const { return static_cast<uint8_t>((x != 0) == wanted); }
  uint8_t of(uint8_t a, uint8_t b) const { return a | b; }
  bool result(uint8_t found, int64_t) const { return (found != 0) == wanted; }
};

void search(const Call& c, bool wanted) {
  common::ReducedAxes reduced;
  common::mark_axes(c, c.in(0).ndim, reduced);
  plugin::with_any(c.in(0).dtype, [&](auto t) HWY_ATTR {
    using Kind = Search<Stored<typename decltype(t)::type>>;
    Reduction(c.in(0), reduced, c.out(), PlainReducer<Kind>(Kind{wanted})).run(c);
  });
}
void all(const Call& c) { search(c, false); }
void any(const Call& c) { search(c, true); }

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_FORWARD(all);
PLUGRAD_CPU_FORWARD(any);
}  // namespace plugrad::cpu
#endif

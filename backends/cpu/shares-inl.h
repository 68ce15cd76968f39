// The last steps of an extremum's gradient, which is shared evenly among the elements that are the extremum.
// Compiled once per instruction set.
#if defined(PLUGRAD_BACKENDS_CPU_SHARES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BACKENDS_CPU_SHARES_INL_H_
#undef PLUGRAD_BACKENDS_CPU_SHARES_INL_H_
#else
#define PLUGRAD_BACKENDS_CPU_SHARES_INL_H_
#endif

#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cpu/reducers-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {

struct Quotient {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V y) const {
    return hn::Div(x, y);
  }
};
struct WhereHit {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V hit, V share) const {
    return hn::IfThenElseZero(hn::Ne(hit, hn::Zero(d)), share);
  }
};

// dx holds 1 for the elements that are the extremum, y, of theirs along the reduced axes, and 0 for others;
// the ones become their shares of dy.
template <class T>
void share_among_hits(const Call& c, const common::ReducedAxes& reduced) {
  const DLTensor &dx = c.din(0), &y = c.out();
  DLTensor share = y;
  share.data = c.workspace<T>(size(y));
  share.byte_offset = 0;
  Reduction(dx, reduced, share, VectorReducer<Sum<T>, T>()).run(c);
  map<T>(c, Quotient{}, share, c.dout(), share);
  int64_t strides[PLUGRAD_MAX_NDIM];
  map<T>(c, WhereHit{}, dx, dx, common::repeated_along(share, dx, reduced, strides));
}

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

// Which axes a reduction takes, and its result seen in the shape of what was reduced.
#pragma once

#include <algorithm>

#include "plugrad/core/plugin.hpp"

namespace plugrad::common {

using ReducedAxes = bool[PLUGRAD_MAX_NDIM];

// Which axes attribute 0 names; none: all of them.
inline void mark_axes(const plugin::Call& c, int ndim, ReducedAxes& reduced) {
  std::fill_n(reduced, PLUGRAD_MAX_NDIM, c.count(0) == 0);
  for (int i = 0; i < c.count(0); ++i) {
    const int64_t axis = c.integers(0)[i];
    reduced[axis < 0 ? axis + ndim : axis] = true;
  }
}
// The axis that attribute 0 is.
inline void mark_axis(const plugin::Call& c, int ndim, ReducedAxes& reduced) {
  std::fill_n(reduced, PLUGRAD_MAX_NDIM, false);
  reduced[c.integer(0) < 0 ? c.integer(0) + ndim : c.integer(0)] = true;
}
// The axes over which x is to be added up to have the shape of `out`.
inline void mark_broadcast_axes(const DLTensor& x, const DLTensor& out, ReducedAxes& reduced) {
  const int lead = x.ndim - out.ndim;
  for (int i = 0; i < x.ndim; ++i) reduced[i] = i < lead || (out.shape[i - lead] == 1 && x.shape[i] != 1);
}

// How many elements of x there are for each result.
inline double reduced_count(const DLTensor& x, const ReducedAxes& reduced) {
  double n = 1;
  for (int i = 0; i < x.ndim; ++i) n *= reduced[i] ? static_cast<double>(x.shape[i]) : 1;
  return n;
}

// `t`, which an op left when it reduced some axes of x, in the shape of x. `strides` is to live as long.
inline DLTensor repeated_along(const DLTensor& t, const DLTensor& x, const ReducedAxes& reduced,
                               int64_t (&strides)[PLUGRAD_MAX_NDIM]) {
  const bool kept_dims = t.ndim == x.ndim;
  for (int i = 0, j = 0; i < x.ndim; ++i) {
    strides[i] = reduced[i] ? 0 : t.strides[j];
    if (kept_dims || !reduced[i]) ++j;
  }
  DLTensor view = t;
  view.ndim = x.ndim;
  view.shape = x.shape;
  view.strides = strides;
  return view;
}

}  // namespace plugrad::common

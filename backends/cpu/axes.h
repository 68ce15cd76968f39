// Which axes a reduction takes, and its result seen in the shape of what was reduced.
#pragma once

#include <algorithm>

#include "plugrad/core/plugin.hpp"

namespace plugrad::cpu {

using Axes = bool[PLUGRAD_MAX_NDIM];

// Which axes attribute 0 names; none: all of them.
inline void mark_axes(const plugin::Call& c, int ndim, Axes& reduced) {
  std::fill_n(reduced, PLUGRAD_MAX_NDIM, c.count(0) == 0);
  for (int i = 0; i < c.count(0); ++i) {
    const int64_t axis = c.integers(0)[i];
    reduced[axis < 0 ? axis + ndim : axis] = true;
  }
}
// The axes over which x is to be added up to have the shape of `out`.
inline void mark_broadcast_axes(const DLTensor& x, const DLTensor& out, Axes& reduced) {
  for (int i = 0; i < x.ndim; ++i) {
    const int j = i - (x.ndim - out.ndim);
    reduced[i] = j < 0 || (out.shape[j] == 1 && x.shape[i] != 1);
  }
}

// How many elements of x there are for each result.
inline double reduced_count(const DLTensor& x, const Axes& reduced) {
  double n = 1;
  for (int i = 0; i < x.ndim; ++i) n *= reduced[i] ? static_cast<double>(x.shape[i]) : 1;
  return n;
}

// `t`, which an op left when it reduced some axes of x, in the shape of x. `strides` is to live as long.
inline DLTensor repeated_along(const DLTensor& t, const DLTensor& x, const Axes& reduced,
                               int64_t (&strides)[PLUGRAD_MAX_NDIM]) {
  const bool kept_dims = t.ndim == x.ndim;
  for (int i = 0, j = 0; i < x.ndim; ++i) {
    strides[i] = reduced[i] ? 0 : t.strides[j];
    j += kept_dims || !reduced[i] ? 1 : 0;
  }
  DLTensor view = t;
  view.ndim = x.ndim;
  view.shape = x.shape;
  view.strides = strides;
  return view;
}

}  // namespace plugrad::cpu

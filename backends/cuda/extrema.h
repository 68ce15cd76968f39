// The largest and the smallest elements over any axes, or magnitudes of elements, and the end of their
// gradients: for the kernels of several ops, compiled once.
#pragma once

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

// out = the largest, or the smallest, element, or magnitude, of x over the axes marked in `reduced`. NaN is
// beyond all numbers. x and `out` have one dtype; out is compact, with or without these axes.
void extremum_over(const plugin::Call& c, const DLTensor& x, const bool* reduced, const DLTensor& out,
                   bool smallest, bool of_magnitudes = false);
// out = the index along the axis marked in `reduced` of the first such element.
void first_extremum_along(const plugin::Call& c, const DLTensor& x, const bool* reduced, const DLTensor& out,
                          bool smallest);

// dx holds 1 for the elements that are the extremum, y, of theirs along the reduced axes, and 0 for others;
// the ones become their shares of dy.
void share_among_hits(const plugin::Call& c, const bool (&reduced)[PLUGRAD_MAX_NDIM]);

}  // namespace plugrad::cuda

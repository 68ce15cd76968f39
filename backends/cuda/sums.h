// Sums over any axes: for the kernels of several ops, compiled once.
#pragma once

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

// out = sum x / n over the axes marked in `reduced`; out is compact, with or without these axes. Floats are
// added up in float64 and divided. Integers and bool give int64 or, of int32 where `out` is so, int32; they
// wrap, and are not divided.
void sum_over(const plugin::Call& c, const DLTensor& x, const bool* reduced, const DLTensor& out,
              double n = 1);

}  // namespace plugrad::cuda

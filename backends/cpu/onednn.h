// The only place that knows oneDNN: its matrix product, and convolutions with a cache of primitives. Written
// for oneDNN 2.6; another version changes only this adapter.
#pragma once

#include <cstdint>

#include "plugrad/backends/cpu/gemm.h"

namespace plugrad::cpu::onednn {

// c = a b, or c += a b. Of a and b each has a unit stride, and its other stride is at least what lies along
// the unit one; c.column_stride == 1.
void sgemm(const Product<float>& p, int threads);

}  // namespace plugrad::cpu::onednn

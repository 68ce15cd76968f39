// Products of whole batches of matrices, made of single ones.
#pragma once

#include "plugrad/backends/common/product_axes.h"

namespace plugrad::cpu {

// c = a b, or c += a b, for arrays that lie along the axes as these say. For float32 and float64.
template <class T>
void multiply(const plugin::Call& call, const plugin::ProductAxes& axes, const T* a, const T* b, T* c,
              bool accumulate = false);

}  // namespace plugrad::cpu

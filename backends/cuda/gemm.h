// Products of strided matrices, and of whole batches of them, by cuBLAS.
#pragma once

#include "plugrad/backends/common/product_axes.h"

namespace plugrad::cuda {

// c = a b, or c += a b, for arrays that lie along the axes as these say, c apart from a and b. A batch is one
// call of cuBLAS, whatever its strides. Matrices whose rows or columns lie without gaps, so all transposes of
// compact ones too, are read where they are; others are copied to workspace of the call first, and so are
// those of sums over a batch that are not one long k yet. For float and double. Throws Failure.
template <class T>
void multiply(const plugin::Call& call, const plugin::ProductAxes& axes, const T* a, const T* b, T* c,
              bool accumulate = false);

}  // namespace plugrad::cuda

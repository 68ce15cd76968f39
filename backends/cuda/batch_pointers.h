// Where the matrices of a batch are, as cublas<t>gemmBatched wants to be told.
#pragma once

#include "plugrad/backends/common/product_axes.h"

namespace plugrad::cuda {

// Arrays of as many pointers as the batch has matrices, in workspace of the call.
template <class T>
struct BatchPointers {
  const T* const* a;
  const T* const* b;
  T* const* c;
  int64_t count;
};

// Of all batch axes; none is summed over. The arrays are filled in stream order.
template <class T>
BatchPointers<T> batch_pointers(const plugin::Call& call, const plugin::ProductAxes& axes, const T* a,
                                const T* b, T* c);

}  // namespace plugrad::cuda

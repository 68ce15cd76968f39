// Copies of strided arrays, for libraries and kernels that want them without gaps.
#pragma once

#include "plugrad/backends/cuda/strided_copy.h"

namespace plugrad::cuda {

// The elements of `t`, of type T, in row-major order without gaps: where they are, or in workspace of the
// call.
template <class T>
const T* compact(const plugin::Call& c, const DLTensor& t) {
  if (plugin::contiguous(t)) return plugin::data<T>(t);
  int64_t strides[PLUGRAD_MAX_NDIM], n = 1;
  for (int i = t.ndim; i-- > 0; n *= t.shape[i]) strides[i] = n;
  DLTensor copy = t;
  copy.data = c.workspace<T>(n);
  copy.byte_offset = 0;
  copy.strides = strides;
  copy_elements(c, copy, t);
  return static_cast<const T*>(copy.data);
}

}  // namespace plugrad::cuda

// Copies of strided arrays into compact ones, of any dtype.
#pragma once

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

// out = in, which is repeated to out's shape by NumPy's rule and has its dtype.
void copy_elements(const plugin::Call& c, const DLTensor& out, const DLTensor& in);

}  // namespace plugrad::cuda

// Handles of cuBLAS.
#pragma once

#include <cublas_v2.h>

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

// A handle for the device and stream of the call, for this call alone. Scalars are read from the host.
// float32 is computed in float32, never in TF32, and the same call gives the same bits in every run. Throws
// Failure.
cublasHandle_t cublas(const plugin::Call& c);

}  // namespace plugrad::cuda

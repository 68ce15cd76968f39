// Asks the emulated device for its compute capability.
#include "plugrad/tests/cuda_emulation/library/tf32.h"

#include <cuda_runtime_api.h>

namespace plugrad::cuda_emulation {

bool has_tf32(int device) {
  int major = 0;
  return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess &&
         major >= 8;
}

}  // namespace plugrad::cuda_emulation

// The cuda backend: NVIDIA GPUs, through cuBLAS, cuDNN and kernels of its own.
#include "plugrad/core/plugin.hpp"
#include "plugrad/backends/cuda/memory.h"

PLUGRAD_BACKEND(cuda, "0.1.0", "core-1", plugrad::cuda::prepare_memory)

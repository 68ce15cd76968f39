// The memory of the GPUs, as the host of the plugin asks for it.
#pragma once

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

// Hands the functions over; nothing of CUDA is called before the first of them is. Returns a plugrad_status.
int32_t prepare_memory(const plugrad_host* host);

}  // namespace plugrad::cuda

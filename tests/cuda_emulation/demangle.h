// Names of kernels as they are written in the source.
#pragma once

#include <string>

namespace plugrad::cuda_emulation {

std::string demangle(const std::string& name);

}  // namespace plugrad::cuda_emulation

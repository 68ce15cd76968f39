// Failures that a test orders: the nth call of a function returns a status instead of doing its work.
#pragma once

#include <optional>
#include <string_view>

#include "plugrad/tests/cuda_emulation/export.h"

namespace plugrad::cuda_emulation {

// Every emulated function asks this once, with its own name, before it does anything.
PLUGRAD_CUDA_EMULATION_API std::optional<int> injected_failure(std::string_view call);

void inject_failure(std::string_view call, int nth, int status);

}  // namespace plugrad::cuda_emulation

// From the text of one function of PTX to instructions that run.
#pragma once

#include <string_view>

#include "plugrad/tests/cuda_emulation/ptx/instruction.h"

namespace plugrad::cuda_emulation::ptx {

class Module;

// `text` begins behind .entry or .func. Throws Unsupported, naming the instruction and its line.
void parse_function(Module& module, std::string_view text, bool entry, Function& function);

}  // namespace plugrad::cuda_emulation::ptx

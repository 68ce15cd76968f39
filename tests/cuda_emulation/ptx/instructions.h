// The PTX instructions that the interpreter knows: one table, from the files by subject.
#pragma once

#include <vector>

#include "plugrad/tests/cuda_emulation/ptx/decoder.h"

namespace plugrad::cuda_emulation::ptx {

// Null for an opcode that is not known.
Decoder find_decoder(std::string_view opcode);

const std::vector<InstructionRow>& arithmetic_instructions();
const std::vector<InstructionRow>& carry_instructions();
const std::vector<InstructionRow>& float_function_instructions();
const std::vector<InstructionRow>& bit_instructions();
const std::vector<InstructionRow>& comparison_instructions();
const std::vector<InstructionRow>& conversion_instructions();
const std::vector<InstructionRow>& memory_instructions();
const std::vector<InstructionRow>& atomic_instructions();
const std::vector<InstructionRow>& control_instructions();
const std::vector<InstructionRow>& warp_instructions();

void decode_carry(Statement& s, Instruction& i, FunctionContext& f);
// What bra runs: its value is a label until the function is complete.
Handler branch_handler();
void decode_warp_barrier(Statement& s, Instruction& i, FunctionContext& f);

}  // namespace plugrad::cuda_emulation::ptx

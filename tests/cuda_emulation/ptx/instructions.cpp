// Joins the tables.
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"

#include <unordered_map>

namespace plugrad::cuda_emulation::ptx {
namespace {

std::unordered_map<std::string_view, Decoder> join_tables() {
  std::unordered_map<std::string_view, Decoder> all;
  for (const auto* rows :
       {&arithmetic_instructions(), &carry_instructions(), &float_function_instructions(),
        &bit_instructions(), &comparison_instructions(), &conversion_instructions(), &memory_instructions(),
        &atomic_instructions(), &control_instructions(), &warp_instructions()})
    for (const InstructionRow& row : *rows) all.emplace(row.name, row.decode);
  return all;
}

}  // namespace

Decoder find_decoder(std::string_view opcode) {
  static const auto* const all = new std::unordered_map<std::string_view, Decoder>(join_tables());
  auto it = all->find(opcode);
  return it == all->end() ? nullptr : it->second;
}

}  // namespace plugrad::cuda_emulation::ptx

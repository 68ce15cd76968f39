// The loop, and what entering a function sets up.
#include "plugrad/tests/cuda_emulation/ptx/interpreter.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "plugrad/tests/cuda_emulation/block.h"

namespace plugrad::cuda_emulation::ptx {

void enter(DeviceThread& thread, const Function& function) {
  const size_t constants = function.constants.size();
  std::memcpy(thread.registers - constants, function.constants.data(), constants * sizeof(uint64_t));
  for (const auto& [slot, special] : function.specials)
    thread.registers[slot] = thread.block->special(thread, special);
  for (const auto& [slot, offset] : function.local_addresses)
    thread.registers[slot] = thread.local_base + offset;
  thread.next = function.code.data();
}

void run(DeviceThread& thread, uint64_t budget) {
  uint64_t left = budget;
  while (left != 0) {
    --left;
    const Instruction& i = *thread.next++;
    if (i.guard != kNoSlot && ((thread.registers[i.guard] & 1) != 0) == i.guard_negated) continue;
    if (!i.handler(thread, i)) break;
  }
  thread.instructions += budget - left;
}

namespace {

struct CallGraph {
  std::unordered_map<const Function*, StackNeeds> known;
  std::unordered_set<const Function*> active;
  bool recursive = false;

  StackNeeds needs(const Function& function) {
    if (const auto it = known.find(&function); it != known.end()) return it->second;
    if (!active.insert(&function).second) {
      recursive = true;
      return {};
    }
    StackNeeds deepest{};
    for (const Function* callee : function.callees) {
      const StackNeeds below = needs(*callee);
      deepest.registers = std::max(deepest.registers, below.registers);
      deepest.frame_bytes = std::max(deepest.frame_bytes, below.frame_bytes);
      deepest.local_bytes = std::max(deepest.local_bytes, below.local_bytes);
      deepest.depth = std::max(deepest.depth, below.depth);
    }
    active.erase(&function);
    deepest.registers += function.registers + function.constants.size();
    deepest.frame_bytes += frame_align(function.frame_bytes);
    deepest.local_bytes += frame_align(function.local_bytes);
    deepest.depth += 1;
    return known[&function] = deepest;
  }
};

}  // namespace

StackNeeds stack_needs(const Function& function) {
  CallGraph graph;
  StackNeeds needs = graph.needs(function);
  constexpr uint32_t kLevels = 64;
  if (graph.recursive) {
    needs.registers *= kLevels;
    needs.frame_bytes *= kLevels;
    needs.local_bytes *= kLevels;
    needs.depth *= kLevels;
  }
  return needs;
}

}  // namespace plugrad::cuda_emulation::ptx

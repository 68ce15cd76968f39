// A thread of a running block: where it is, its registers, and what it waits for.
#pragma once

#include <vector_types.h>

#include <cstdint>

#include "plugrad/tests/cuda_emulation/ptx/instruction.h"

namespace plugrad::cuda_emulation {

class Block;
struct Warp;

struct Frame {
  const ptx::Function* function;
  const ptx::Instruction* next;  // of the caller, to go on with
};

struct DeviceThread {
  enum class State : uint8_t { Ready, AtBarrier, AtWarp, AtActiveMask, Exited };

  // What the interpreter touches at every instruction comes first.
  const ptx::Instruction* next = nullptr;
  uint64_t* registers = nullptr;
  unsigned char* frame = nullptr;  // parameter memory
  uint64_t local_base = 0;         // of the frame, in local memory
  uint64_t instructions = 0;
  bool carry = false;
  State state = State::Ready;
  uint8_t lane = 0;
  uint32_t index = 0;
  Block* block = nullptr;
  Warp* warp = nullptr;
  unsigned char* local = nullptr;
  unsigned char* frames_begin = nullptr;
  unsigned char* frames_end = nullptr;
  uint64_t* registers_end = nullptr;
  Frame* call = nullptr;  // the innermost
  Frame* calls_begin = nullptr;
  Frame* calls_end = nullptr;
  uint3 tid{};

  // The barrier or warp instruction it waits at, and what it brought along.
  const ptx::Instruction* waits_at = nullptr;
  uint64_t operand = 0;
  uint32_t mask = 0;
  uint32_t source_lane = 0;
  bool source_in_range = false;

  const ptx::Instruction& current() const { return waits_at ? *waits_at : next[-1]; }
};

}  // namespace plugrad::cuda_emulation

// A function of PTX as the interpreter runs it: decoded instructions whose operands are all slots of one
// register file. Constants, special registers and addresses of variables have slots too, below zero, filled
// when it is entered.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plugrad::cuda_emulation {
struct DeviceThread;
}

namespace plugrad::cuda_emulation::ptx {

struct Instruction;
struct Function;

// Runs one instruction. False: the thread cannot go on now (it waits, has ended or has failed).
using Handler = bool (*)(DeviceThread&, const Instruction&);

using Slot = int32_t;
constexpr Slot kNoSlot = std::numeric_limits<Slot>::min();

// What few instructions need.
struct Details {
  std::vector<Slot> vector;  // elements of {a, b, ...}
  const Function* callee = nullptr;
  std::string_view callee_name;
  std::vector<uint32_t> arguments;  // offsets in the caller's parameter memory
  std::vector<uint32_t> results;
  std::vector<int64_t> targets;  // of brx.idx
};

struct Instruction {
  Handler handler = nullptr;
  Slot guard = kNoSlot;  // a predicate
  bool guard_negated = false;
  bool flag = false;  // what it means is the handler's business, as with the other three
  uint8_t size = 0;   // bytes of one element
  uint8_t mode = 0;
  Slot d = kNoSlot;
  Slot d2 = kNoSlot;  // the p of d|p
  Slot a = kNoSlot;
  Slot b = kNoSlot;
  Slot c = kNoSlot;
  Slot e = kNoSlot;
  int64_t value = 0;  // an offset, a branch target, a lookup table
  const Details* details = nullptr;
};

enum class Special : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NwarpId,
  LaneMaskEq,
  LaneMaskLt,
  LaneMaskLe,
  LaneMaskGt,
  LaneMaskGe,
  SmId,
  NsmId,
  DynamicSharedSize,
  GridId
};

struct Parameter {
  std::string name;
  uint32_t offset;
  uint32_t bytes;
};

struct SharedRange {
  uint32_t offset;
  uint32_t bytes;
};

struct SourceLine {
  uint32_t file = 0;
  uint32_t line = 0;
  uint32_t caller_file = 0;  // where an inlined function was called; 0: not inlined
  uint32_t caller_line = 0;
};

struct Function {
  std::string name;
  bool entry = false;
  std::vector<Parameter> parameters;
  std::vector<Parameter> results;
  uint32_t parameter_bytes = 0;  // results first, then parameters
  uint32_t frame_bytes = 0;      // and what it passes to others
  uint32_t local_bytes = 0;
  uint32_t max_threads = 0;  // .maxntid; 0: not stated
  uint32_t registers = 0;
  std::vector<uint64_t> constants;  // lie before the registers: the last has slot -1
  std::vector<std::pair<Slot, Special>> specials;
  std::vector<std::pair<Slot, uint32_t>> local_addresses;  // relative to the frame
  std::vector<SharedRange> shared;                         // with those of the functions it calls
  std::vector<const Function*> callees;
  std::vector<Instruction> code;
  std::vector<SourceLine> lines;        // for each instruction
  std::vector<std::string_view> texts;  // likewise
  std::deque<Details> details;
};

// Frames and local memory begin at multiples of 16 bytes.
constexpr uint64_t frame_align(uint64_t bytes) { return (bytes + 15) / 16 * 16; }

// What a call chain from here needs at most. Recursion is given 64 levels.
struct StackNeeds {
  uint64_t registers;
  uint64_t frame_bytes;
  uint64_t local_bytes;
  uint32_t depth;
};
StackNeeds stack_needs(const Function& function);

}  // namespace plugrad::cuda_emulation::ptx

// From an instruction as it is written to one that runs: what the decoders of the instruction table see.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugrad/tests/cuda_emulation/ptx/instruction.h"
#include "plugrad/tests/cuda_emulation/ptx/lexer.h"
#include "plugrad/tests/cuda_emulation/ptx/types.h"

namespace plugrad::cuda_emulation::ptx {

struct Operand {
  enum class Kind : uint8_t { Value, Address, Vector, Name };
  Kind kind = Kind::Value;
  Slot slot = kNoSlot;    // the register, or the base of an address
  Slot second = kNoSlot;  // the q of p|q
  int64_t offset = 0;     // of an address
  bool constant = false;  // the slot holds `value`, always
  uint64_t value = 0;
  std::vector<Slot> elements;  // of a vector
  std::string_view name;       // a label or a function
};

// The parts of an instruction. Decoders take what they know; what is left over at the end is refused.
class Statement {
 public:
  std::string_view opcode;
  std::vector<std::string_view> modifiers;
  std::vector<Type> types;
  std::vector<Operand> operands;
  // call: the names of parameter variables, as offsets
  std::vector<uint32_t> arguments;
  std::vector<uint32_t> results;

  bool take(std::string_view modifier);
  // The place in `choices` of the modifier that is there; `fallback` when none is, or refused if that is
  // negative.
  int take_one(std::initializer_list<std::string_view> choices, int fallback = -1);
  Type type(size_t i = 0) const;
  const Operand& operand(size_t i) const;
  Slot slot(size_t i) const;
  void finish(size_t least_operands, size_t most_operands) const;
  [[noreturn]] void refuse(std::string_view why) const;
};

// What a decoder may ask of the function that is being parsed.
class FunctionContext {
 public:
  virtual ~FunctionContext() = default;
  virtual int64_t label(std::string_view name) = 0;  // to be resolved at the end of the function
  virtual const std::vector<std::string_view>& branch_targets(std::string_view name) = 0;
  virtual const Function* function(std::string_view name) = 0;  // null: not defined in this module
  virtual Details& details(Instruction& i) = 0;
};

using Decoder = void (*)(Statement&, Instruction&, FunctionContext&);

struct InstructionRow {
  std::string_view name;
  Decoder decode;
};

// Sets the handler, or refuses the types.
void set_handler(const Statement& s, Instruction& i, Handler handler);
// d = f(a), f(a, b), f(a, b, c)
void set_operands(Statement& s, Instruction& i, size_t inputs);

}  // namespace plugrad::cuda_emulation::ptx

// What all decoders share.
#include "plugrad/tests/cuda_emulation/ptx/decoder.h"

#include <fmt/format.h>

#include <algorithm>

namespace plugrad::cuda_emulation::ptx {

bool Statement::take(std::string_view modifier) {
  auto it = std::find(modifiers.begin(), modifiers.end(), modifier);
  if (it == modifiers.end()) return false;
  modifiers.erase(it);
  return true;
}

int Statement::take_one(std::initializer_list<std::string_view> choices, int fallback) {
  int place = 0;
  for (const std::string_view choice : choices) {
    if (take(choice)) return place;
    ++place;
  }
  if (fallback < 0) refuse("its kind is unknown");
  return fallback;
}

Type Statement::type(size_t i) const {
  if (i >= types.size()) refuse("it has too few types");
  return types[i];
}

const Operand& Statement::operand(size_t i) const {
  if (i >= operands.size()) refuse("it has too few operands");
  return operands[i];
}

Slot Statement::slot(size_t i) const {
  const Operand& o = operand(i);
  if (o.kind != Operand::Kind::Value) refuse(fmt::format("operand {} is no register or constant", i + 1));
  return o.slot;
}

void Statement::finish(size_t least_operands, size_t most_operands) const {
  if (!modifiers.empty()) refuse(fmt::format("modifier .{}", modifiers.front()));
  if (operands.size() < least_operands || operands.size() > most_operands)
    refuse(fmt::format("{} operands", operands.size()));
}

void Statement::refuse(std::string_view why) const { throw Unsupported(std::string(why)); }

void set_handler(const Statement& s, Instruction& i, Handler handler) {
  if (!handler) s.refuse("its types");
  i.handler = handler;
}

void set_operands(Statement& s, Instruction& i, size_t inputs) {
  s.finish(inputs + 1, inputs + 1);
  i.d = s.slot(0);
  if (inputs > 0) i.a = s.slot(1);
  if (inputs > 1) i.b = s.slot(2);
  if (inputs > 2) i.c = s.slot(3);
}

}  // namespace plugrad::cuda_emulation::ptx

// The names inside a function of PTX: registers, special registers, constants and variables, each with its
// slot.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "plugrad/tests/cuda_emulation/ptx/module.h"

namespace plugrad::cuda_emulation::ptx {

class Symbols {
 public:
  Symbols(Module& module, Function& function) : module_(module), function_(function) {}

  struct Value {
    Slot slot;
    bool constant;
    uint64_t value;
  };

  void declare_registers(std::string_view prefix);  // %r of %r<9>
  void declare_register(std::string_view name);
  void declare_local(const Declaration& d);
  void declare_shared(const Declaration& d);
  uint32_t declare_parameter(const Declaration& d);  // its offset in the frame
  std::optional<uint32_t> parameter(std::string_view name) const;

  Slot constant(uint64_t value);
  Slot scratch() { return static_cast<Slot>(function_.registers++); }
  std::optional<Value> find(std::string_view name);
  void finish();  // the constants are complete

 private:
  std::optional<Slot> find_register(std::string_view name);
  std::optional<Slot> find_special(std::string_view name);
  std::optional<uint64_t> find_variable(std::string_view name);
  Slot new_constant(uint64_t value);
  void use_shared(const SharedRange& range);

  Module& module_;
  Function& function_;
  std::unordered_map<std::string_view, bool> prefixes_;
  std::unordered_map<std::string_view, Slot> registers_;
  std::unordered_map<std::string_view, Slot> specials_;
  std::unordered_map<std::string_view, Slot> locals_;
  std::unordered_map<std::string_view, uint32_t> parameters_;
  std::unordered_map<std::string_view, SharedRange> shared_;
  std::unordered_map<uint64_t, Slot> constants_;
};

}  // namespace plugrad::cuda_emulation::ptx

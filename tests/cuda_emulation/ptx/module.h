// The PTX of one fat binary: where its functions and variables are, and the functions once they have been
// parsed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugrad/tests/cuda_emulation/ptx/instruction.h"
#include "plugrad/tests/cuda_emulation/ptx/lexer.h"

namespace plugrad::cuda_emulation::ptx {

// .global, .const, .shared, .local, .param: what follows these words.
struct Declaration {
  std::string_view name;
  uint32_t alignment = 1;
  uint32_t element = 0;  // bytes
  uint64_t bytes = 0;    // 0: of open length
};
Declaration parse_declaration(Lexer& lexer);

class Module {
 public:
  explicit Module(std::string text);  // finds the functions and variables, and parses nothing else
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // Parsed at the first call; null when the module does not define it. Throws Unsupported.
  const Function* function(std::string_view name);
  const std::vector<std::string>& files() const { return files_; }

  struct Variable {
    Declaration declaration;
    std::string_view initializer;
    uint64_t address = 0;  // once it was asked for
  };
  Variable* variable(std::string_view name);
  uint64_t address(Variable& variable);

  // Shared variables have one place in the whole module. Null when there is none of this name.
  const SharedRange* shared(std::string_view name) const;
  SharedRange place_shared(const Declaration& declaration);
  bool is_dynamic_shared(std::string_view name) const { return dynamic_shared_.contains(name); }

  // After the device was reset: its memory is gone.
  void forget();

 private:
  void index(Lexer& lexer);
  void index_function(Lexer& lexer, bool entry);
  void index_variable(Lexer& lexer);
  void index_shared(Lexer& lexer);
  void index_file(Lexer& lexer);
  void initialize(const Variable& variable);

  std::string text_;
  std::vector<std::string> files_;
  struct Source {
    std::string_view text;
    bool entry;
  };
  std::unordered_map<std::string_view, Source> sources_;
  std::unordered_map<std::string_view, Variable> variables_;
  std::unordered_map<std::string_view, SharedRange> shared_;
  std::unordered_map<std::string_view, bool> dynamic_shared_;
  uint32_t shared_end_;
  std::unordered_map<std::string_view, std::unique_ptr<Function>> functions_;
};

}  // namespace plugrad::cuda_emulation::ptx

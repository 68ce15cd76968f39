// The index of a module, and its variables.
#include "plugrad/tests/cuda_emulation/ptx/module.h"

#include <fmt/format.h>

#include <cstring>

#include "plugrad/tests/cuda_emulation/arena.h"
#include "plugrad/tests/cuda_emulation/ptx/function_parser.h"
#include "plugrad/tests/cuda_emulation/ptx/types.h"
#include "plugrad/tests/cuda_emulation/shared_memory.h"

namespace plugrad::cuda_emulation::ptx {

Declaration parse_declaration(Lexer& lexer) {
  Declaration d;
  uint32_t alignment = 0;
  while (lexer.peek().starts_with('.')) {
    const std::string_view word = lexer.next();
    if (word == ".align") alignment = static_cast<uint32_t>(lexer.integer());
    else if (word == ".attribute") throw Unsupported("the attribute of a variable, such as .managed");
    else if (const auto type = parse_type(word.substr(1)); type && d.element == 0) d.element = size_of(*type);
    else if (word == ".b128") d.element = 16;
    // .ptr, .global and the like describe what a parameter points to
  }
  if (d.element == 0) throw Unsupported(fmt::format("the type of '{}'", lexer.peek()));
  d.alignment = alignment ? alignment : d.element;
  d.name = lexer.next();
  uint64_t elements = 1;
  while (lexer.eat("[")) {
    elements *= lexer.peek() == "]" ? 0 : lexer.integer();
    lexer.expect("]");
  }
  d.bytes = elements * d.element;
  return d;
}

Module::Module(std::string text) : text_(std::move(text)), shared_end_(kSharedGuard) {
  Lexer lexer(text_);
  while (!lexer.peek().empty()) index(lexer);
}

void Module::index(Lexer& lexer) {
  const std::string_view word = lexer.next();
  if (word == ".entry" || word == ".func") return index_function(lexer, word == ".entry");
  if (word == ".global" || word == ".const") return index_variable(lexer);
  if (word == ".shared") return index_shared(lexer);
  if (word == ".file") return index_file(lexer);
  if (word == ".visible" || word == ".weak" || word == ".extern" || word == ".common") return;
  if (word == ".version" || word == ".target" || word == ".address_size") {
    lexer.next();
    while (lexer.eat(",")) lexer.next();
  } else if (word == ".section") {
    lexer.skip_past("}");
  } else if (word == ".pragma" || word == ".alias") {
    lexer.skip_past(";");
  } else {
    throw Unsupported(fmt::format("'{}' outside of functions", word));
  }
}

void Module::index_function(Lexer& lexer, bool entry) {
  const size_t begin = lexer.position();
  if (lexer.peek() == "(") lexer.skip_past(")");
  const std::string_view name = lexer.next();
  while (!lexer.peek().empty() && lexer.peek() != "{" && lexer.peek() != ";") lexer.next();
  if (lexer.eat(";")) return;  // declared here, defined elsewhere
  lexer.skip_block();
  sources_[name] = {lexer.text(begin, lexer.position()), entry};
}

void Module::index_variable(Lexer& lexer) {
  const Declaration d = parse_declaration(lexer);
  std::string_view initializer;
  if (lexer.eat("=")) {
    const size_t begin = lexer.position();
    while (lexer.peek() != ";" && !lexer.peek().empty()) lexer.next();
    initializer = lexer.text(begin, lexer.position());
  }
  lexer.expect(";");
  variables_[d.name] = {d, initializer, 0};
}

void Module::index_shared(Lexer& lexer) {
  const Declaration d = parse_declaration(lexer);
  lexer.expect(";");
  if (d.bytes == 0) dynamic_shared_[d.name] = true;
  else shared_[d.name] = place_shared(d);
}

void Module::index_file(Lexer& lexer) {
  const uint64_t number = lexer.integer();
  std::string_view name = lexer.next();
  while (lexer.eat(",")) lexer.next();
  if (number >= files_.size()) files_.resize(number + 1);
  files_[number] = name.substr(1, name.size() - 2);
}

SharedRange Module::place_shared(const Declaration& d) {
  const uint32_t begin = (shared_end_ + d.alignment - 1) / d.alignment * d.alignment;
  shared_end_ = begin + static_cast<uint32_t>(d.bytes) + kSharedGuard;
  if (shared_end_ > kDynamicShared) throw Unsupported("so much shared memory in one module");
  return {begin, static_cast<uint32_t>(d.bytes)};
}

const SharedRange* Module::shared(std::string_view name) const {
  auto it = shared_.find(name);
  return it == shared_.end() ? nullptr : &it->second;
}

Module::Variable* Module::variable(std::string_view name) {
  auto it = variables_.find(name);
  return it == variables_.end() ? nullptr : &it->second;
}

uint64_t Module::address(Variable& variable) {
  if (variable.address) return variable.address;
  constexpr int kDevice = 0;
  variable.address = Arena::instance().allocate(variable.declaration.bytes, kDevice);
  if (!variable.address)
    throw Unsupported(fmt::format("no memory for the variable {}", variable.declaration.name));
  initialize(variable);
  return variable.address;
}

void Module::initialize(const Variable& variable) {
  Arena& arena = Arena::instance();
  const uint64_t offset = arena.offset(variable.address);
  const Declaration& d = variable.declaration;
  unsigned char* bytes = arena.open(offset);
  std::memset(bytes, 0, d.bytes);
  std::memset(arena.states(offset), static_cast<int>(ByteState::Initialised), d.bytes);
  Lexer lexer(variable.initializer);
  for (uint64_t at = 0; !lexer.peek().empty() && at < d.bytes;) {
    if (lexer.eat("{") || lexer.eat("}") || lexer.eat(",")) continue;
    const bool generic = lexer.eat("generic");
    if (generic) lexer.expect("(");
    Variable* target = this->variable(lexer.peek());
    uint64_t value = 0;
    if (target) {
      lexer.next();
      value = address(*target) + (lexer.eat("+") ? lexer.integer() : 0);
    } else {
      value = lexer.integer();
    }
    if (generic) lexer.expect(")");
    std::memcpy(bytes + at, &value, d.element);
    at += d.element;
  }
}

const Function* Module::function(std::string_view name) {
  if (auto it = functions_.find(name); it != functions_.end()) return it->second.get();
  auto source = sources_.find(name);
  if (source == sources_.end()) return nullptr;
  auto& place = functions_[source->first] = std::make_unique<Function>();
  Function* function = place.get();  // there before it is complete: it may call itself
  try {
    parse_function(*this, source->second.text, source->second.entry, *function);
  } catch (...) {
    functions_.erase(source->first);
    throw;
  }
  return function;
}

void Module::forget() {
  functions_.clear();
  for (auto& [name, variable] : variables_) variable.address = 0;
}

}  // namespace plugrad::cuda_emulation::ptx

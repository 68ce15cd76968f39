// The grammar of a function's body. What an instruction means is the business of its decoder.
#include "plugrad/tests/cuda_emulation/ptx/function_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "plugrad/tests/cuda_emulation/ptx/instructions.h"
#include "plugrad/tests/cuda_emulation/ptx/module.h"
#include "plugrad/tests/cuda_emulation/ptx/symbols.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

class FunctionParser : public FunctionContext {
 public:
  FunctionParser(Module& module, std::string_view text, bool entry, Function& function)
      : module_(module), lexer_(text), symbols_(module, function), function_(function) {
    function.entry = entry;
  }

  void parse();

  int64_t label(std::string_view name) override;
  const std::vector<std::string_view>& branch_targets(std::string_view name) override;
  const Function* function(std::string_view name) override;
  Details& details(Instruction& i) override;

 private:
  void parse_header();
  void parse_parameters(std::vector<Parameter>& parameters);
  void parse_line(int& depth);
  void parse_directive(std::string_view word);
  void parse_registers();
  void parse_location();
  void parse_label(std::string_view name);
  void parse_instruction(std::string_view first, size_t begin);
  void parse_guard(Instruction& i);
  void split_opcode(std::string_view word, Statement& s);
  void parse_operands(Statement& s);
  void parse_call(Statement& s);
  std::vector<uint32_t> parse_call_parameters();
  Operand parse_operand(const Statement& s);
  Operand parse_address();
  Operand parse_vector();
  Operand parse_value();
  Slot parse_slot();
  Slot negate(Slot predicate);
  void append(Instruction i, std::string_view text);
  void resolve_labels();
  void add_callees_shared();
  std::string place() const;

  Module& module_;
  Lexer lexer_;
  Symbols symbols_;
  Function& function_;
  SourceLine line_;
  std::unordered_map<std::string_view, int64_t> labels_;
  std::vector<std::string_view>
      label_uses_;  // a branch has the place in this list, until the labels are known
  std::unordered_map<std::string_view, std::vector<std::string_view>> tables_;
};

int64_t FunctionParser::label(std::string_view name) {
  label_uses_.push_back(name);
  return static_cast<int64_t>(label_uses_.size()) - 1;
}

const std::vector<std::string_view>& FunctionParser::branch_targets(std::string_view name) {
  return tables_[name];
}

const Function* FunctionParser::function(std::string_view name) {
  const Function* callee = module_.function(name);
  if (callee) function_.callees.push_back(callee);
  return callee;
}

Details& FunctionParser::details(Instruction& i) {
  Details& details = function_.details.emplace_back();
  i.details = &details;
  return details;
}

void FunctionParser::parse() {
  parse_header();
  lexer_.expect("{");
  for (int depth = 1; depth > 0;) parse_line(depth);
  Statement end;
  end.opcode = "ret";
  Instruction i;
  find_decoder("ret")(end, i, *this);
  append(i, "ret");
  resolve_labels();
  add_callees_shared();
  symbols_.finish();
}

void FunctionParser::parse_header() {
  if (!function_.entry && lexer_.peek() == "(") parse_parameters(function_.results);
  function_.name = lexer_.next();
  if (lexer_.peek() == "(") parse_parameters(function_.parameters);
  function_.parameter_bytes = function_.frame_bytes;
  while (lexer_.peek() != "{") {
    const std::string_view word = lexer_.next();
    if (word.empty()) throw Unsupported("a function without body");
    if (word != ".maxntid" && word != ".reqntid") continue;
    uint64_t threads = lexer_.integer();
    while (lexer_.eat(",")) threads *= lexer_.integer();
    function_.max_threads = static_cast<uint32_t>(threads);
  }
}

void FunctionParser::parse_parameters(std::vector<Parameter>& parameters) {
  lexer_.expect("(");
  while (!lexer_.eat(")")) {
    if (lexer_.eat(",")) continue;
    if (lexer_.peek() == ".param" || lexer_.peek() == ".reg") lexer_.next();
    const Declaration d = parse_declaration(lexer_);
    parameters.push_back(
        {std::string(d.name), symbols_.declare_parameter(d), static_cast<uint32_t>(d.bytes)});
  }
}

void FunctionParser::parse_line(int& depth) {
  const size_t begin = lexer_.position();
  const std::string_view word = lexer_.next();
  if (word.empty()) throw Unsupported("a function without end");
  if (word == "{") ++depth;
  else if (word == "}") --depth;
  else if (word == ";") return;
  else if (word.starts_with('.')) parse_directive(word);
  else if (lexer_.eat(":")) parse_label(word);
  else parse_instruction(word, begin);
}

void FunctionParser::parse_directive(std::string_view word) {
  if (word == ".loc") return parse_location();
  if (word == ".reg") return parse_registers();
  if (word == ".pragma") return lexer_.skip_past(";");
  if (word == ".local" || word == ".shared" || word == ".param") {
    const Declaration d = parse_declaration(lexer_);
    if (word == ".local") symbols_.declare_local(d);
    else if (word == ".shared") symbols_.declare_shared(d);
    else symbols_.declare_parameter(d);
    return lexer_.expect(";");
  }
  throw Unsupported(fmt::format("'{}' in function {}", word, function_.name));
}

void FunctionParser::parse_registers() {
  lexer_.next();  // the type: every register has 64 bits
  do {
    const std::string_view name = lexer_.next();
    if (lexer_.eat("<")) {
      lexer_.integer();
      lexer_.expect(">");
      symbols_.declare_registers(name);
    } else {
      symbols_.declare_register(name);
    }
  } while (lexer_.eat(","));
  lexer_.expect(";");
}

// .loc file line column [, function_name label [+ n], inlined_at file line column]
void FunctionParser::parse_location() {
  line_ = {};
  line_.file = static_cast<uint32_t>(lexer_.integer());
  line_.line = static_cast<uint32_t>(lexer_.integer());
  lexer_.integer();
  while (lexer_.eat(",")) {
    if (lexer_.eat("inlined_at")) {
      line_.caller_file = static_cast<uint32_t>(lexer_.integer());
      line_.caller_line = static_cast<uint32_t>(lexer_.integer());
      lexer_.integer();
    } else {
      lexer_.next();
      lexer_.next();
      if (lexer_.eat("+")) lexer_.integer();
    }
  }
}

void FunctionParser::parse_label(std::string_view name) {
  if (lexer_.eat(".branchtargets")) {
    do tables_[name].push_back(lexer_.next());
    while (lexer_.eat(","));
    lexer_.expect(";");
  } else if (lexer_.peek() == ".callprototype") {
    lexer_.skip_past(";");
  } else {
    labels_[name] = static_cast<int64_t>(function_.code.size());
  }
}

void FunctionParser::parse_instruction(std::string_view first, size_t begin) {
  Instruction i;
  Statement s;
  try {
    if (first == "@") {
      parse_guard(i);
      first = lexer_.next();
    }
    split_opcode(first, s);
    parse_operands(s);
    const size_t end = lexer_.position() + 1;
    lexer_.expect(";");
    const Decoder decode = find_decoder(s.opcode);
    if (!decode) throw Unsupported("the instruction is not known");
    decode(s, i, *this);
    append(i, lexer_.text(begin, end));
  } catch (const Unsupported& error) {
    if (std::string_view(error.what()).find(" [in ") != std::string_view::npos)
      throw;  // of a function it calls
    while (!lexer_.peek().empty() && lexer_.peek() != ";") lexer_.next();
    throw Unsupported(fmt::format("`{};' at {}: {} [in {}]", lexer_.text(begin, lexer_.position()), place(),
                                  error.what(), function_.name));
  }
}

void FunctionParser::parse_guard(Instruction& i) {
  i.guard_negated = lexer_.eat("!");
  i.guard = parse_slot();
}

void FunctionParser::split_opcode(std::string_view word, Statement& s) {
  for (size_t begin = 0; begin <= word.size();) {
    const size_t end = std::min(word.find('.', begin), word.size());
    const std::string_view part = word.substr(begin, end - begin);
    begin = end + 1;
    if (s.opcode.empty()) s.opcode = part;
    else if (const auto type = parse_type(part)) s.types.push_back(*type);
    else s.modifiers.push_back(part);
  }
}

void FunctionParser::parse_operands(Statement& s) {
  if (s.opcode == "call") return parse_call(s);
  while (lexer_.peek() != ";") {
    if (lexer_.peek().empty()) throw Unsupported("an instruction without end");
    if (!lexer_.eat(",")) s.operands.push_back(parse_operand(s));
  }
}

// call (results), function, (arguments);
void FunctionParser::parse_call(Statement& s) {
  if (lexer_.peek() == "(") {
    s.results = parse_call_parameters();
    lexer_.expect(",");
  }
  Operand target;
  target.kind = Operand::Kind::Name;
  const std::string_view name = lexer_.next();
  if (!name.starts_with('%')) target.name = name;
  s.operands.push_back(target);
  if (lexer_.eat(",") && lexer_.peek() == "(") s.arguments = parse_call_parameters();
  while (lexer_.peek() != ";" && !lexer_.peek().empty()) lexer_.next();  // the prototype of an indirect call
}

std::vector<uint32_t> FunctionParser::parse_call_parameters() {
  std::vector<uint32_t> offsets;
  lexer_.expect("(");
  while (!lexer_.eat(")")) {
    if (lexer_.eat(",")) continue;
    const auto offset = symbols_.parameter(lexer_.peek());
    if (!offset) throw Unsupported(fmt::format("parameter '{}' of a call", lexer_.peek()));
    lexer_.next();
    offsets.push_back(*offset);
  }
  return offsets;
}

Operand FunctionParser::parse_operand(const Statement& s) {
  if (lexer_.eat("[")) return parse_address();
  if (lexer_.eat("{")) return parse_vector();
  const bool names_code = s.opcode == "bra" || (s.opcode == "brx" && !s.operands.empty());
  const std::string_view token = lexer_.peek();
  const bool clock = token == "%clock" || token == "%clock64" || token == "%globaltimer";
  if (names_code || clock) {
    Operand o;
    o.kind = Operand::Kind::Name;
    o.name = lexer_.next();
    return o;
  }
  Operand o = parse_value();
  if (lexer_.eat("|")) o.second = parse_slot();
  return o;
}

Operand FunctionParser::parse_address() {
  Operand o = parse_value();
  o.kind = Operand::Kind::Address;
  if (lexer_.eat("+")) o.offset = static_cast<int64_t>(lexer_.integer());
  lexer_.expect("]");
  return o;
}

Operand FunctionParser::parse_vector() {
  Operand o;
  o.kind = Operand::Kind::Vector;
  while (!lexer_.eat("}"))
    if (!lexer_.eat(",")) o.elements.push_back(parse_slot());
  return o;
}

Slot FunctionParser::parse_slot() { return parse_value().slot; }

Operand FunctionParser::parse_value() {
  Operand o;
  if (lexer_.eat("!")) {
    o.slot = negate(parse_slot());
    return o;
  }
  const std::string_view token = lexer_.peek();
  if (token == "_") {
    lexer_.next();
    o.slot = symbols_.scratch();
  } else if (token == "-" || (!token.empty() && token[0] >= '0' && token[0] <= '9')) {
    o.constant = true;
    o.value = lexer_.integer();
    o.slot = symbols_.constant(o.value);
  } else if (const auto value = symbols_.find(token)) {
    lexer_.next();
    o.slot = value->slot;
    o.constant = value->constant;
    o.value = value->value;
  } else {
    throw Unsupported(fmt::format("operand '{}'", token));
  }
  return o;
}

// A negated operand becomes an instruction of its own before the one that uses it.
Slot FunctionParser::negate(Slot predicate) {
  Statement s;
  s.opcode = "not";
  s.types = {Type::Pred};
  s.operands.resize(2);
  s.operands[0].slot = symbols_.scratch();
  s.operands[1].slot = predicate;
  Instruction i;
  find_decoder("not")(s, i, *this);
  append(i, "not.pred");
  return s.operands[0].slot;
}

void FunctionParser::append(Instruction i, std::string_view text) {
  function_.code.push_back(i);
  function_.lines.push_back(line_);
  function_.texts.push_back(text);
}

void FunctionParser::resolve_labels() {
  const auto resolve = [&](int64_t& value) {
    const std::string_view name = label_uses_[static_cast<size_t>(value)];
    auto it = labels_.find(name);
    if (it == labels_.end())
      throw Unsupported(fmt::format("label {} is nowhere in {}", name, function_.name));
    value = it->second;
  };
  for (Instruction& i : function_.code)
    if (i.handler == branch_handler()) resolve(i.value);
  for (Details& details : function_.details)
    for (int64_t& target : details.targets) resolve(target);
}

void FunctionParser::add_callees_shared() {
  for (const Function* callee : function_.callees)
    for (const SharedRange& range : callee->shared) {
      const auto same = [&](const SharedRange& r) { return r.offset == range.offset; };
      if (std::none_of(function_.shared.begin(), function_.shared.end(), same))
        function_.shared.push_back(range);
    }
}

std::string FunctionParser::place() const {
  if (line_.line == 0) return "an unknown line";
  const auto at = [&](uint32_t file, uint32_t line) {
    const std::string_view path =
        file < module_.files().size() ? module_.files()[file] : std::string_view("?");
    return fmt::format("{}:{}", path.substr(path.rfind('/') + 1), line);
  };
  const std::string inner = at(line_.file, line_.line);
  return line_.caller_line == 0
             ? inner
             : fmt::format("{}, inlined at {}", inner, at(line_.caller_file, line_.caller_line));
}

}  // namespace

void parse_function(Module& module, std::string_view text, bool entry, Function& function) {
  FunctionParser(module, text, entry, function).parse();
}

}  // namespace plugrad::cuda_emulation::ptx

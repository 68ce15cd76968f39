// One token at a time; nothing is copied.
#include "plugrad/tests/cuda_emulation/ptx/lexer.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace plugrad::cuda_emulation::ptx {
namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         c == '%' || c == '.';
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0'; }

bool is_float_bits(std::string_view s) {
  const auto marked = [&](char lower, char upper) { return s[1] == lower || s[1] == upper; };
  return s.size() > 2 && s[0] == '0' &&
         ((s.size() == 10 && marked('f', 'F')) || (s.size() == 18 && marked('d', 'D')));
}

}  // namespace

void Lexer::skip_space() {
  while (at_ < source_.size()) {
    if (is_space(source_[at_])) ++at_;
    else if (source_.substr(at_, 2) == "//") at_ = std::min(source_.find('\n', at_), source_.size());
    else if (source_.substr(at_, 2) == "/*") at_ = std::min(source_.find("*/", at_), source_.size() - 2) + 2;
    else return;
  }
}

void Lexer::advance() {
  skip_space();
  token_begin_ = at_;
  if (at_ >= source_.size()) {
    token_ = {};
    return;
  }
  size_t end = at_ + 1;
  if (source_[at_] == '"') {
    end = std::min(source_.find('"', at_ + 1), source_.size() - 1) + 1;
  } else if (is_word(source_[at_])) {
    while (end < source_.size()) {
      if (is_word(source_[end])) ++end;
      else if (source_.substr(end, 2) == "::") end += 2;  // shared::cta
      else break;
    }
  }
  token_ = source_.substr(at_, end - at_);
  at_ = end;
}

std::string_view Lexer::next() {
  const std::string_view token = token_;
  advance();
  return token;
}

bool Lexer::eat(std::string_view token) {
  if (token_ != token) return false;
  advance();
  return true;
}

void Lexer::expect(std::string_view token) {
  if (!eat(token)) throw Unsupported(fmt::format("'{}' where '{}' is expected", token_, token));
}

uint64_t Lexer::integer() {
  const bool negative = eat("-");
  std::string_view text = next();
  const std::string_view whole = text;
  int base = 10;
  if (is_float_bits(text)) text.remove_prefix(2), base = 16;
  else if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2), base = 16;
  else if (text.starts_with("0b")) text.remove_prefix(2), base = 2;
  else if (text.size() > 1 && text[0] == '0') text.remove_prefix(1), base = 8;
  if (text.ends_with('U')) text.remove_suffix(1);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size())
    throw Unsupported(fmt::format("'{}' where a number is expected", whole));
  return negative ? uint64_t{0} - value : value;
}

void Lexer::skip_past(std::string_view token) {
  while (!token_.empty() && token_ != token) advance();
  expect(token);
}

void Lexer::skip_block() {
  if (token_ != "{") expect("{");
  int depth = 1;
  while (depth > 0) {
    at_ = source_.find_first_of("{}\"/", at_);
    if (at_ == std::string_view::npos) throw Unsupported("a function without end");
    const char c = source_[at_++];
    if (c == '{') ++depth;
    else if (c == '}') --depth;
    else if (c == '"') at_ = std::min(source_.find('"', at_), source_.size() - 1) + 1;
    else if (at_ < source_.size() && source_[at_] == '/')
      at_ = std::min(source_.find('\n', at_), source_.size());
  }
  advance();
}

}  // namespace plugrad::cuda_emulation::ptx

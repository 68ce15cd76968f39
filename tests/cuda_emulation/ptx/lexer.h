// Splits PTX text into words, numbers, strings and signs.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace plugrad::cuda_emulation::ptx {

// PTX that is not understood, or not supported; what() names it.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) { advance(); }

  std::string_view peek() const { return token_; }  // empty at the end
  std::string_view next();
  bool eat(std::string_view token);
  void expect(std::string_view token);
  uint64_t integer();  // also 0f3F800000 and 0d...: the bits
  void skip_past(std::string_view token);
  void skip_block();  // from { to the matching }, without looking at what is between

  size_t position() const { return token_begin_; }  // of the token that peek() shows
  std::string_view text(size_t begin, size_t end) const { return source_.substr(begin, end - begin); }

 private:
  void advance();
  void skip_space();

  std::string_view source_;
  std::string_view token_;
  size_t token_begin_ = 0;
  size_t at_ = 0;
};

}  // namespace plugrad::cuda_emulation::ptx

// UTF-8 to code points and back, strictly: a wrong encoding is an error, not a question mark.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plugrad::files {

// A code point, and how many bytes stand for it; of none, where what stands there is not UTF-8.
struct CodePoint {
  char32_t value;
  size_t bytes;
};

// The code point at `at`, which lies within `text`. Overlong forms, surrogates and values above U+10FFFF are
// not UTF-8.
CodePoint decode_utf8(std::string_view text, size_t at);

void append_utf8(std::string& text, char32_t code_point);

}  // namespace plugrad::files

// The bit patterns of UTF-8 (RFC 3629).
#include "plugrad/nn/data/utf8.h"

namespace plugrad::files {

CodePoint decode_utf8(std::string_view text, size_t at) {
  constexpr CodePoint wrong{0, 0};
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() - at < length) return wrong;
  auto value = static_cast<char32_t>(first & (0x7f >> length));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return wrong;
    value = value << 6 | static_cast<char32_t>(byte(at + i) & 0x3f);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < smallest[length] || surrogate || value > 0x10ffff) return wrong;
  return {value, length};
}

void append_utf8(std::string& text, char32_t c) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  const auto continuation = [&](int shift) { put(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    continuation(0);
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    continuation(6);
    continuation(0);
  } else {
    put(0xf0 | c >> 18);
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

}  // namespace plugrad::files

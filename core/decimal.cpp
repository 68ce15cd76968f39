#include "plugrad/core/decimal.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace plugrad::detail {

namespace {

constexpr int buffer_size = 512;  // 309 digits before the point, the sign, the point and the digits asked for

// Splits "1.25e-05"; the mantissa gets its point.
Scientific split(std::string_view text) {
  const size_t e = text.find('e');
  Scientific s{std::string(text.substr(0, e)), std::atoi(text.data() + e + 1)};
  if (s.mantissa.find('.') == std::string::npos) s.mantissa += '.';
  return s;
}

template <class T>
Scientific shortest(T x) {
  char text[buffer_size];
  *std::to_chars(text, text + buffer_size - 1, x, std::chars_format::scientific).ptr = 0;
  return split(text);
}

template <class T>
Scientific rounded(T x, int digits) {
  char text[buffer_size];
  *std::to_chars(text, text + buffer_size - 1, x, std::chars_format::scientific, digits).ptr = 0;
  return split(text);
}

int digits_after_point(const std::string& mantissa) {
  return static_cast<int>(mantissa.size() - mantissa.find('.') - 1);
}

// Moves the point of "1.25" by `exponent` places.
std::string move_point(const std::string& mantissa, int exponent) {
  const size_t sign = mantissa[0] == '-';
  std::string digits = mantissa.substr(sign, 1) + mantissa.substr(sign + 2);
  if (exponent < 0) {
    digits.insert(0, static_cast<size_t>(-exponent), '0');
    exponent = 0;
  }
  const auto before = static_cast<size_t>(exponent) + 1;
  if (digits.size() < before) digits.resize(before, '0');
  return mantissa.substr(0, sign) + digits.insert(before, 1, '.');
}

}  // namespace

template <class T>
std::string positional(T x, int precision) {
  const Scientific s = shortest(x);
  if (precision == unlimited || digits_after_point(s.mantissa) - s.exponent <= precision)
    return move_point(s.mantissa, s.exponent);
  char text[buffer_size];
  std::string fixed(text,
                    std::to_chars(text, text + buffer_size, x, std::chars_format::fixed, precision).ptr);
  while (fixed.back() == '0') fixed.pop_back();
  return fixed;
}

template <class T>
Scientific scientific(T x, int precision, int min_digits) {
  Scientific s = shortest(x);
  const int digits = digits_after_point(s.mantissa);
  const bool too_long = precision != unlimited && digits > precision;
  if (!too_long && digits >= min_digits) return s;
  s = rounded(x, too_long ? precision : min_digits);
  while (digits_after_point(s.mantissa) > min_digits && s.mantissa.back() == '0') s.mantissa.pop_back();
  return s;
}

std::string exponent_text(int exponent, int digits) {
  return fmt::format("e{}{:0{}}", exponent < 0 ? '-' : '+', std::abs(exponent), digits);
}

template std::string positional(float, int);
template std::string positional(double, int);
template Scientific scientific(float, int, int);
template Scientific scientific(double, int, int);

}  // namespace plugrad::detail

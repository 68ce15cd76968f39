// Floating-point numbers in decimal, as NumPy writes them: the fewest digits that read back as the same
// number, or, where those are too many, correctly rounded.
#pragma once

#include <string>

namespace plugrad::detail {

// Without a limit on digits.
inline constexpr int unlimited = -1;

// "12.", "0.5", "-0.": at most `precision` digits after the point, which is always there. `x` is finite.
template <class T>
std::string positional(T x, int precision);

// mantissa * 10^exponent, the mantissa as "1.", "-2.5": at most `precision` digits after the point, and at
// least `min_digits`, where what follows the fewest digits is not zeros but the number's own: 0.1f
// is 1.00000001e-01.
struct Scientific {
  std::string mantissa;
  int exponent;
};
template <class T>
Scientific scientific(T x, int precision, int min_digits = 0);

// "e+05", "e-123": a sign and at least `digits` digits.
std::string exponent_text(int exponent, int digits);

extern template std::string positional(float, int);
extern template std::string positional(double, int);
extern template Scientific scientific(float, int, int);
extern template Scientific scientific(double, int, int);

}  // namespace plugrad::detail

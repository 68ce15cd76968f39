// What kernels share about numbers: integers that wrap around, types of sums, NaN in comparisons, indices.
#pragma once

#include <limits>
#include <string>
#include <type_traits>

#include "plugrad/core/plugin.hpp"

namespace plugrad::reference {

// The type in which + - * are done: unsigned for integers, so that they wrap around, as NumPy's do, where
// signed ones would be undefined.
template <class T, bool = std::is_integral_v<T>>
struct ModularOf {
  using type = T;
};
template <class T>
struct ModularOf<T, true> {
  using type = std::make_unsigned_t<T>;
};
template <class T>
using Modular = typename ModularOf<T>::type;

// The type in which elements of type T are added up.
template <class T>
using Sum = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

// Where the search for a maximum starts, and that for a minimum.
template <class T>
constexpr T lowest() {
  return std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                              : std::numeric_limits<T>::lowest();
}
template <class T>
constexpr T highest() {
  return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity()
                                              : std::numeric_limits<T>::max();
}

// x > y, where NaN is above all numbers and equal to itself: a maximum found with it propagates NaN.
template <class T>
bool exceeds(T x, T y) {
  return y == y && !(x <= y);
}
// x < y, where NaN is below all numbers and equal to itself.
template <class T>
bool falls_below(T x, T y) {
  return y == y && !(x >= y);
}

// `index` into `length` things called `things`, or the failure that it is none.
inline int64_t checked_index(int64_t index, int64_t length, const char* things) {
  if (index >= 0 && index < length) return index;
  throw plugin::Failure(PLUGRAD_BAD_SHAPE, "index " + std::to_string(index) + " out of range for " +
                                               std::to_string(length) + " " + things);
}

}  // namespace plugrad::reference

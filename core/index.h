// What stands in the brackets of x[{...}].
#pragma once

#include <concepts>
#include <optional>
#include <variant>

#include "plugrad/core/array.h"

namespace plugrad {

// No bound: a range begins or ends with the axis.
inline constexpr std::nullopt_t unbounded = std::nullopt;

// Elements start, start + step, ... before stop, as Python's slice: bounds count from the end where negative,
// and are clamped. Without bounds: all.
struct Range {
  std::optional<int64_t> start, stop;
  int64_t step = 1;
};
inline Range range() { return {}; }
inline Range range(std::optional<int64_t> stop) { return {unbounded, stop}; }
inline Range range(std::optional<int64_t> start, std::optional<int64_t> stop, int64_t step = 1) {
  return {start, stop, step};
}

// All axes that no other index speaks about.
struct Ellipsis {};
inline constexpr Ellipsis ellipsis{};

// An axis of length 1.
struct NewAxis {};
inline constexpr NewAxis new_axis{};

// One of the indices. An array of integers picks elements along an axis, one of bool, a mask, those where it
// is true of as many axes as it has.
class Index {
 public:
  using Value = std::variant<int64_t, Range, Ellipsis, NewAxis, Array>;

  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Index(T i) : value_(static_cast<int64_t>(i)) {}
  Index(const Range& r) : value_(r) {}
  Index(Ellipsis e) : value_(e) {}
  Index(NewAxis n) : value_(n) {}
  Index(const Array& a) : value_(a) {}
  const Value& value() const { return value_; }

 private:
  Value value_;
};

}  // namespace plugrad

// Arrays as the suite sees them: values in row-major order, read from and laid out in memory without any op,
// so that no op is checked by means of itself.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "plugrad/core/array.h"

namespace plugrad::conformance {

// How an array lies in memory.
enum class Layout : uint8_t {
  compact,
  strided,     // each second element of an array twice as wide, from its second on
  transposed,  // axes in reverse order: column-major
  reversed,    // negative strides
  repeated,    // stride 0 along the last axis that is longer than 1: the values there are all the last one's
};
std::string_view name(Layout layout);

struct Values {
  Shape shape;
  DType dtype = float32;
  std::vector<double> elements;  // row-major; each is a value of `dtype`
};

// Reads the array's memory, wherever it is.
Values values_of(const Array& x);
// The bytes of its elements, row-major.
std::vector<char> bytes_of(const Array& x);
// The bytes of its whole storage, gaps included. The array is in host memory.
std::vector<char> storage_of(const Array& x);

// An array of these values; what lies between its elements in memory is NaN, or for integers far out of any
// range.
Array lay_out(const Values& v, Layout layout, Device device);
// The same, compact.
Array to_array(const Values& v, Device device);
std::vector<Array> to_arrays(const std::vector<Values>& v, Device device);

// float32 becomes float64, the rest stays.
Values widened(Values v);
int64_t count_elements(const std::vector<Values>& v);
// The largest finite magnitude, and at least 1.
double magnitude(const std::vector<Values>& v);

// A small generator that gives the same numbers everywhere (SplitMix64: Steele, Lea, Flood, OOPSLA'14).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  // Of a text and numbers that tell one use from another.
  Random(std::string_view text, std::initializer_list<uint64_t> numbers);
  uint64_t next();
  double uniform(double low = 0, double high = 1);  // in [low, high)
  int64_t below(int64_t n);                         // in [0, n)

 private:
  uint64_t state_;
};

// Uniform in [low, high), rounded to `dtype`.
Values draw(const Shape& shape, DType dtype, double low, double high, Random& random);
// Pairwise at least `distinct_gap` apart; the range grows upwards where it is too narrow for that.
inline constexpr double distinct_gap = 1e-2;
Values draw_distinct(const Shape& shape, DType dtype, double low, double high, Random& random);

}  // namespace plugrad::conformance

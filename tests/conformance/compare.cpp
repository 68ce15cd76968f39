#include "plugrad/tests/conformance/compare.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <limits>

namespace plugrad::conformance {

namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

// About 80 units in the last place of float32: room for vectorised exp and log, and for sums over a few
// hundred terms.
constexpr double float32_relative = 1e-5;
// Thousands of units in the last place of float64, and still proof that no step was done in float32.
constexpr double float64_relative = 1e-12, float64_gradient_relative = 1e-10;
constexpr double difference_relative = 1e-6;
// Below this part of the operands, a result has cancelled.
constexpr double cancelled = 1e-9;
// 2 units in the last place for normal's logarithm and cosine.
constexpr int64_t library_ulps = 2;

// How many elements meet in one result.
double terms(const std::vector<Values>& in, int64_t results) {
  return std::max(
      1.0, static_cast<double>(count_elements(in)) / static_cast<double>(std::max<int64_t>(results, 1)));
}

Precision precision(double relative, const std::vector<Values>& in, int64_t results) {
  return {relative * (1 + std::sqrt(terms(in, results)) / 30), magnitude(in)};
}

AssertionResult same_kind(const Values& got, const Values& expected) {
  if (!(got.shape == expected.shape))
    return AssertionFailure() << "shape " << to_string(got.shape) << ", expected "
                              << to_string(expected.shape);
  const bool narrower = got.dtype == float32 && expected.dtype == float64;
  if (got.dtype != expected.dtype && !narrower)
    return AssertionFailure() << "dtype " << name(got.dtype) << ", expected " << name(expected.dtype);
  return AssertionSuccess();
}

double scale_of(const Values& expected, double operands) {
  double scale = 0;
  for (const double x : expected.elements)
    if (std::isfinite(x)) scale = std::max(scale, std::abs(x));
  return scale < cancelled * operands ? operands : scale;
}

bool within(double got, double expected, double tolerance) {
  if (std::isnan(expected)) return std::isnan(got);
  return got == expected || std::abs(got - expected) <= tolerance;
}

std::string place_of(const Shape& shape, size_t element) {
  auto rest = static_cast<int64_t>(element);
  Shape index = shape;
  for (int k = shape.ndim(); k-- > 0; rest /= shape[k]) index[k] = rest % shape[k];
  return to_string(index);
}

// Compares element by element; `tolerance` gives the one of an expected value.
AssertionResult compare(const Values& got, const Values& expected,
                        const std::function<double(double)>& tolerance) {
  if (AssertionResult r = same_kind(got, expected); !r) return r;
  size_t wrong = 0;
  std::string first;
  for (size_t e = 0; e < expected.elements.size(); ++e) {
    const double g = got.elements[e], x = expected.elements[e];
    if (within(g, x, is_floating(expected.dtype) ? tolerance(x) : 0)) continue;
    if (wrong++ == 0)
      first = fmt::format("{:.17g} at {}, expected {:.17g}: off by {:.3g}, tolerance {:.3g}", g,
                          place_of(expected.shape, e), x, g - x, tolerance(x));
  }
  if (wrong == 0) return AssertionSuccess();
  return AssertionFailure() << first << " (" << wrong << " of " << expected.elements.size()
                            << " elements of shape " << to_string(expected.shape) << " are off)";
}

template <class T>
AssertionResult for_each_pair(const std::vector<T>& got, const std::vector<T>& expected,
                              const std::function<AssertionResult(const T&, const T&)>& f) {
  if (got.size() != expected.size())
    return AssertionFailure() << got.size() << " arrays, expected " << expected.size();
  for (size_t k = 0; k < got.size(); ++k)
    if (AssertionResult r = f(got[k], expected[k]); !r)
      return AssertionFailure() << "array " << k << ": " << r.message();
  return AssertionSuccess();
}

// Units in the last place between two floating values of one dtype, by the order of their bit patterns.
template <class T, class Bits>
int64_t ulps(double a, double b) {
  const auto rank = [](double x) {
    const auto bits = static_cast<int64_t>(std::bit_cast<Bits>(static_cast<T>(x)));
    return bits < 0 ? std::numeric_limits<Bits>::min() - bits : bits;
  };
  return std::abs(rank(a) - rank(b));
}

// Values of the form shift + z, where z is within the ulps allowed and the sum is rounded once.
AssertionResult within_ulps(const Values& got, const Values& expected, int64_t allowed, double shift) {
  if (AssertionResult r = same_kind(got, expected); !r) return r;
  const double epsilon = got.dtype == float32 ? double{std::numeric_limits<float>::epsilon()}
                                              : std::numeric_limits<double>::epsilon();
  for (size_t e = 0; e < expected.elements.size(); ++e) {
    const double g = got.elements[e], x = expected.elements[e];
    const int64_t off = got.dtype == float32 ? ulps<float, int32_t>(g, x) : ulps<double, int64_t>(g, x);
    const double of_z = static_cast<double>(allowed) * epsilon * std::abs(x - shift);
    if (off > allowed && std::abs(g - x) > of_z + epsilon * std::abs(x))
      return AssertionFailure() << fmt::format("{:.17g} at {}, expected {:.17g}: {} ulp off, {} allowed", g,
                                               place_of(expected.shape, e), x, off, allowed);
  }
  return AssertionSuccess();
}

}  // namespace

Precision forward_precision(DType computed_in, const std::vector<Values>& in, int64_t results) {
  return precision(computed_in == float32 ? float32_relative : float64_relative, in, results);
}

Precision gradient_precision(DType computed_in, const std::vector<Values>& in, int64_t results) {
  return precision(computed_in == float32 ? float32_relative : float64_gradient_relative, in, results);
}

Precision difference_precision(const std::vector<Values>& in) { return {difference_relative, magnitude(in)}; }

AssertionResult close(const Values& got, const Values& expected, const Precision& precision) {
  const double tolerance = precision.relative * scale_of(expected, precision.operands);
  return compare(got, expected, [tolerance](double) { return tolerance; });
}

AssertionResult close(const std::vector<Array>& got, const std::vector<Array>& expected,
                      const Precision& precision) {
  return for_each_pair<Array>(got, expected, [&](const Array& g, const Array& x) {
    return close(values_of(g), values_of(x), precision);
  });
}

AssertionResult close_each(const Values& got, const Values& expected) {
  const bool narrow = got.dtype == float32;
  const double relative = narrow ? float32_relative : float64_relative;
  const double least =
      narrow ? double{std::numeric_limits<float>::min()} : std::numeric_limits<double>::min();
  return compare(got, expected,
                 [=](double x) { return std::isfinite(x) ? relative * std::abs(x) + least : 0; });
}

AssertionResult same_bits(const Array& got, const Array& expected) {
  const Values g = values_of(got), x = values_of(expected);
  if (AssertionResult r = same_kind(g, x); !r) return r;
  if (g.dtype != x.dtype)
    return AssertionFailure() << "dtype " << name(g.dtype) << ", expected " << name(x.dtype);
  if (bytes_of(got) == bytes_of(expected)) return AssertionSuccess();
  AssertionResult values = compare(g, x, [](double) { return 0; });
  return AssertionFailure() << "other bits: "
                            << (values ? "a zero's sign or a NaN's payload" : values.message());
}

AssertionResult same_bits(const std::vector<Array>& got, const std::vector<Array>& expected) {
  return for_each_pair<Array>(got, expected, [](const Array& g, const Array& x) { return same_bits(g, x); });
}

AssertionResult same_generated(const Case& c, const Array& got, const Array& expected) {
  if (std::string_view(c.op->schema->name) == "normal") {
    constexpr size_t mean = 4;  // among its attributes
    return within_ulps(values_of(got), values_of(expected), library_ulps, c.attr[mean].as.f);
  }
  return same_bits(got, expected);
}

}  // namespace plugrad::conformance

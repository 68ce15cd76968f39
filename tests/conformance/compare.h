// What counts as equal. All tolerances of the suite are stated here, with their reasons.
#pragma once

#include <gtest/gtest.h>

#include "plugrad/tests/conformance/samples.h"
#include "plugrad/tests/conformance/values.h"

namespace plugrad::conformance {

// The largest difference allowed is `relative` times the scale, which is the largest finite magnitude among
// the expected elements of the array. Where that is nothing beside the operands', all has cancelled and what
// is left is their rounding: then the operands' is the scale.
struct Precision {
  double relative;
  double operands = 1;
};

// How far a kernel may be from the exact result. `in`: all it reads; `results`: how many elements it
// computes. Where many elements meet in one result, rounding grows with the root of their number.
Precision forward_precision(DType computed_in, const std::vector<Values>& in, int64_t results);
// A kernel and a composition may order their operations differently, and pass through larger intermediate
// results.
Precision gradient_precision(DType computed_in, const std::vector<Values>& in, int64_t results);
// Central differences in float64: step^2 of truncation and epsilon / step of rounding, with a margin.
inline constexpr double difference_step = 1e-5;
Precision difference_precision(const std::vector<Values>& in);

// Same shape, same dtype (or float32 where float64 was expected), integers and bool equal, floating elements
// within the precision; NaN where NaN is expected, and infinities equal.
::testing::AssertionResult close(const Values& got, const Values& expected, const Precision& precision);
::testing::AssertionResult close(const std::vector<Array>& got, const std::vector<Array>& expected,
                                 const Precision& precision);

// Element by element with a relative tolerance of its own, for special values: there is no common scale.
::testing::AssertionResult close_each(const Values& got, const Values& expected);

// Same shape, dtype and bits.
::testing::AssertionResult same_bits(const Array& got, const Array& expected);
::testing::AssertionResult same_bits(const std::vector<Array>& got, const std::vector<Array>& expected);

// Results of ops that read no array: what they compute is specified to the bit, except where it goes through
// functions of the mathematics library, which differ in their last bits.
::testing::AssertionResult same_generated(const Case& c, const Array& got, const Array& expected);

}  // namespace plugrad::conformance

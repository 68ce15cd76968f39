// Calls with NaN, infinities, zeros of both signs and ties.
#pragma once

#include <vector>

#include "plugrad/tests/conformance/samples.h"

namespace plugrad::conformance {

extern const std::vector<double> special_values;  // NaN and infinities among them
extern const std::vector<double> finite_values;   // zeros and ties

// Ops that compute each element of the result from one of each input.
bool is_elementwise(const Row& op);

// Inputs of one shape in which `values` meet in every combination: those of input k run along axis k. Inputs
// that are not floating take 0 and 1.
Case all_combinations(const Row& op, DType dtype, const std::vector<double>& values);

}  // namespace plugrad::conformance

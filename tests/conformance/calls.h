// Calls of an op as its schema describes it, and of its gradient with any gradient of the outputs.
#pragma once

#include <vector>

#include "plugrad/tests/conformance/samples.h"

namespace plugrad::conformance {

// Runs the case's op on `in`.
std::vector<Array> call(const Case& c, const std::vector<Array>& in, Device device);

// Which inputs have a gradient: floating ones for which the schema has a rule.
using Mask = std::vector<bool>;
Mask differentiable_inputs(const Case& c);
bool any(const Mask& mask);

// The gradients in the inputs named by `wanted`, in order, given those of the outputs, which are handed to
// the op's gradient rule exactly as they lie in memory. An empty dy means none. By the backend's kernel, or
// inside a ComposedGradients scope by the composition.
std::vector<Array> gradients(const Case& c, const std::vector<Array>& in, const Mask& wanted,
                             const std::vector<Array>& dy, Device device);

// Random gradients for outputs like these; no elements for those that are not floating.
std::vector<Values> draw_dy(const std::vector<Array>& out, Random random);
// Those as arrays, empty ones where there is none.
std::vector<Array> dy_arrays(const std::vector<Values>& dy, Layout layout, Device device);
// Is there any output to differentiate?
bool any_floating(const std::vector<Array>& out);

}  // namespace plugrad::conformance

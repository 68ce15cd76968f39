// NaN, infinities and zeros of both signs: every backend treats them as the oracle does, which golden values
// hold to NumPy's rules.
#include <algorithm>

#include "plugrad/core/tape.h"
#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/compare.h"
#include "plugrad/tests/conformance/special_values.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

void check_elementwise(const Row& op, Device device) {
  for (const DType dtype : {float32, float64}) {
    const Case c = all_combinations(op, dtype, special_values);
    SCOPED_TRACE(c.text() + " of special values");
    const std::vector<Array> out = call(c, c.arrays(device), device);
    const std::vector<Array> expected = call(c, c.arrays(reference_device()), reference_device());
    EXPECT_TRUE(close_each(values_of(out[0]), values_of(expected[0])));
  }
}
const Registration elementwise({"SpecialValues", is_elementwise, check_elementwise});

// At zeros and ties, too, the kernel's gradient is the composition's.
void check_gradients(const Row& op, Device device) {
  for (const DType dtype : {float32, float64}) {
    const Case c = all_combinations(op, dtype, finite_values);
    SCOPED_TRACE(c.text() + " of zeros and ties");
    const Mask wanted = differentiable_inputs(c);
    const std::vector<Array> in = c.arrays(device), out = call(c, in, device);
    const std::vector<Array> dy = dy_arrays(draw_dy(out, c.random("dy")), Layout::compact, device);
    const std::vector<Array> dx = gradients(c, in, wanted, dy, device);
    const ComposedGradients composed;
    const std::vector<Array> expected = gradients(c, in, wanted, dy, device);
    for (size_t k = 0; k < dx.size(); ++k)
      EXPECT_TRUE(close_each(values_of(dx[k]), values_of(expected[k]))) << "gradient " << k;
  }
}
bool is_smooth_elementwise(const Row& op) { return is_elementwise(op) && is_differentiable(op); }
const Registration elementwise_gradients({"SpecialGradients", is_smooth_elementwise, check_gradients});

// Whether an infinite filter makes NaN of padding is left open (docs/semantics.md).
bool is_padded(const Row& op) {
  return std::any_of(op.schema->attributes, op.schema->attributes + op.n_attr,
                     [](const char* name) { return std::string_view(name) == "padding"; });
}

// In every op: one element in eight of the samples' inputs.
void check_scattered(const Row& op, Device device) {
  for_each_case(op, {.max_elements = medium_size}, [&](Case c) {
    Random random = c.random("special values");
    for (size_t k = 0; k < (is_padded(op) ? 1 : c.in.size()); ++k)
      for (double& x : c.in[k].elements)
        if (is_floating(c.in[k].dtype) && random.below(8) == 0)
          x = special_values[static_cast<size_t>(random.below(5))];
    std::vector<Array> expected;
    try {
      expected = call(c, c.arrays(reference_device()), reference_device());
    } catch (const ShapeError&) {  // what the oracle refuses, everyone does
      EXPECT_THROW((call(c, c.arrays(device), device), synchronize(device)), ShapeError);
      return;
    }
    const std::vector<Array> out = call(c, c.arrays(device), device);
    EXPECT_TRUE(close(out, expected, forward_precision(c.dtype, c.in, 1)));
  });
}
bool takes_arrays(const Row& op) { return has_inputs(op) && has_kernel(op); }
const Registration scattered({"ScatteredSpecialValues", takes_arrays, check_scattered});

}  // namespace

}  // namespace plugrad::conformance

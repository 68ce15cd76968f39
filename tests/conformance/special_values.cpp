#include "plugrad/tests/conformance/special_values.h"

#include <limits>

#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity(),
                 nan = std::numeric_limits<double>::quiet_NaN();
}  // namespace

const std::vector<double> special_values = {nan, infinity, -infinity, 0.0,  -0.0, 1,   -1,
                                            0.5, -2.5,     100,       -100, 1e4,  -1e4};
const std::vector<double> finite_values = {0.0, -0.0, 1, -1, 2, -2, 0.5};

bool is_elementwise(const Row& op) {
  const bool is_predicate = op.schema->n_in == 1 && op.schema->infer == infer_broadcast_bool;
  return has_inputs(op) && (op.schema->broadcasts || op.schema->infer == infer_same || is_predicate);
}

Case all_combinations(const Row& op, DType dtype, const std::vector<double>& values) {
  Case c = typical_case(op, {.dtypes = {dtype}});
  const int n = static_cast<int>(c.in.size());
  const std::vector<double> truth = {0, 1};
  const auto choices = [&](int k) -> const std::vector<double>& {
    return is_floating(c.in[static_cast<size_t>(k)].dtype) ? values : truth;
  };
  Shape shape;
  for (int k = 0; k < n; ++k) shape.push_back(static_cast<int64_t>(choices(k).size()));
  int64_t repeats = shape.size();
  for (int k = 0; k < n; ++k) {
    Values& v = c.in[static_cast<size_t>(k)];
    v = {shape, v.dtype, {}};
    repeats /= shape[k];
    for (int64_t e = 0; e < shape.size(); ++e)
      v.elements.push_back(choices(k)[static_cast<size_t>(e / repeats % shape[k])]);
    c.layouts[static_cast<size_t>(k)] = Layout::compact;
  }
  return c;
}

}  // namespace plugrad::conformance

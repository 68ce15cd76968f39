// The calls for which golden values are wanted, for the script that computes them.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/golden.h"
#include "plugrad/tests/conformance/special_values.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

using nlohmann::json;

constexpr int64_t most_elements = 32;
constexpr int most_cases = 8, most_cases_of_other_dtypes = 2;

// JSON has no words for infinities and NaN.
json number(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return x;
}

json value(const Value& v) {
  if (v.tag == PLUGRAD_INT) return v.as.i;
  if (v.tag == PLUGRAD_REAL) return number(v.as.f);
  return std::vector<int64_t>(v.as.ints, v.as.ints + v.count);
}

json array(const Values& v) {
  json elements = json::array();
  for (const double x : v.elements) elements.push_back(number(x));
  return {{"dtype", name(v.dtype)},
          {"shape", std::vector<int64_t>(v.shape.data(), v.shape.data() + v.shape.ndim())},
          {"elements", std::move(elements)}};
}

void write(std::ostream& os, const Case& c, bool special) {
  json in = json::array(), attributes = json::object();
  for (const Values& v : c.in) in.push_back(array(v));
  for (size_t k = 0; k < c.attr.size(); ++k) attributes[c.op->schema->attributes[k]] = value(c.attr[k]);
  json line = {{"op", c.op->schema->name}, {"in", in}, {"attributes", attributes}, {"n_out", c.n_out}};
  if (special) line["special"] = true;
  os << line.dump() << '\n';
}

bool is_small(const Case& c) {
  int64_t n = count_elements(c.in);
  for (const Array& y : call(c, c.arrays(reference_device()), reference_device())) n += y.size();
  return n <= 2 * most_elements;
}

// So many of each dtype.
void write_cases_of(std::ostream& os, const Row& op) {
  std::map<DType, int> written;
  visit_cases(op, {.dtypes = {float64, int32, int64, bool_}, .max_elements = most_elements},
              [&](const Case& c) {
                const int most = c.dtype == float64 ? most_cases : most_cases_of_other_dtypes;
                if (written[c.dtype] < most && is_small(c)) write(os, c, false), ++written[c.dtype];
                return true;
              });
}

}  // namespace

void write_golden_cases(std::ostream& os, const std::vector<std::string>& ops) {
  for (const Row* op : ops_under_test()) {
    if (!ops.empty() && std::find(ops.begin(), ops.end(), op->schema->name) == ops.end()) continue;
    write_cases_of(os, *op);
    if (is_elementwise(*op)) write(os, all_combinations(*op, float64, special_values), true);
  }
}

}  // namespace plugrad::conformance

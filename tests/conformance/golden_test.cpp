// Results are those of NumPy, SciPy and PyTorch, which is what ties the oracle to the world.
#include <fmt/format.h>

#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/compare.h"
#include "plugrad/tests/conformance/golden.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

using nlohmann::json;

double number_of(const json& x) { return x.is_string() ? std::stod(x.get<std::string>()) : x.get<double>(); }

DType dtype_named(const std::string& text) {
  for (int d = 0; d < n_dtypes; ++d)
    if (name(static_cast<DType>(d)) == text) return static_cast<DType>(d);
  throw Error("golden values: no dtype " + text);
}

std::vector<Values> arrays_of(const json& list) {
  std::vector<Values> arrays;
  for (const json& a : list) {
    const auto lengths = a.at("shape").get<std::vector<int64_t>>();
    Values v{Shape(lengths.data(), static_cast<int>(lengths.size())), dtype_named(a.at("dtype")), {}};
    for (const json& x : a.at("elements")) v.elements.push_back(number_of(x));
    if (v.shape.size() != static_cast<int64_t>(v.elements.size()))
      throw Error("golden values: elements that are not the shape's");
    arrays.push_back(std::move(v));
  }
  return arrays;
}

// The sample's attribute says which kind of value is meant; lists live as long as the program.
Value attribute(const json& v, int32_t tag) {
  if (tag == PLUGRAD_INT) return Value(v.get<int64_t>());
  if (tag == PLUGRAD_REAL) return Value(number_of(v));
  static std::deque<std::vector<int64_t>> lists;
  lists.push_back(v.get<std::vector<int64_t>>());
  return Value(lists.back().data(), static_cast<int>(lists.back().size()));
}

GoldenCase golden_case(const Row& op, const json& line) {
  GoldenCase g{.call = {}, .special = line.value("special", false), .out = arrays_of(line.at("out"))};
  g.call.op = &op;
  g.call.in = arrays_of(line.at("in"));
  g.call.layouts.assign(g.call.in.size(), Layout::compact);
  g.call.n_out = static_cast<int>(g.out.size());
  const Sample& sample = samples_of(op).front();
  for (size_t k = 0; k < op.n_attr; ++k)
    g.call.attr.push_back(attribute(line.at("attributes").at(op.schema->attributes[k]), sample.attr[k].tag));
  return g;
}

void check_golden(const Row& op, Device device) {
  const std::vector<GoldenCase> cases = read_golden(op);
  EXPECT_FALSE(cases.empty());
  for (const GoldenCase& g : cases) {
    SCOPED_TRACE(g.call.text());
    const std::vector<Array> out = call(g.call, g.call.arrays(device), device);
    ASSERT_EQ(out.size(), g.out.size());
    for (size_t k = 0; k < out.size(); ++k) {
      const Values got = values_of(out[k]);
      if (g.special) EXPECT_TRUE(close_each(got, g.out[k])) << "output " << k;
      else
        EXPECT_TRUE(close(got, g.out[k], forward_precision(float64, g.call.in, out[k].size())))
            << "output " << k;
    }
  }
}
const Registration golden({"Golden", every_op, check_golden});

}  // namespace

std::vector<GoldenCase> read_golden(const Row& op) {
  const std::string path = fmt::format("{}/{}.json", PLUGRAD_GOLDEN_VALUES, op.schema->name);
  std::ifstream file(path);
  if (!file) throw Error("golden values: cannot read " + path + "; golden.h says how it is made");
  std::vector<GoldenCase> cases;
  for (std::string line; std::getline(file, line);) cases.push_back(golden_case(op, json::parse(line)));
  return cases;
}

}  // namespace plugrad::conformance

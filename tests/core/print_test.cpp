// Printing, held against NumPy: golden/print_cases.json, which golden/print_cases.py wrote.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "plugrad/core/array.h"
#include "plugrad/core/backend.h"
#include "plugrad/tests/core/simulated_backend.h"

namespace plugrad::tests {
namespace {

using Json = nlohmann::json;

Json load_cases() {
  std::ifstream file(PLUGRAD_GOLDEN_CASES);
  return Json::parse(file).at("cases");
}

template <class T>
T element(const Json& j) {
  if constexpr (std::floating_point<T>)
    return static_cast<T>(std::strtod(j.get<std::string>().c_str(), nullptr));
  else return static_cast<T>(j.get<int64_t>());
}

// Element i of a case's base array.
template <class T>
T base_element(const Json& values, size_t i) {
  if (values.is_array()) return element<T>(values[i]);
  return static_cast<T>(values.at("start").get<double>() +
                        static_cast<double>(i) * values.at("step").get<double>());
}

template <class T>
Array array_of(const Json& c, Device device) {
  const Json& values = c.at("values");
  const size_t n = values.is_array() ? values.size() : values.at("count").get<size_t>();
  const auto data = std::make_unique<T[]>(n);
  for (size_t i = 0; i < n; ++i) data[i] = base_element<T>(values, i);
  const auto base_dims = c.at("base_shape").get<std::vector<int64_t>>();
  const Array base = Array::from_data(std::span<const T>(data.get(), n), Shape(base_dims), device);
  const auto dims = c.at("shape").get<std::vector<int64_t>>(),
             strides = c.at("strides").get<std::vector<int64_t>>();
  return base.view(dims.data(), strides.data(), static_cast<int>(dims.size()), c.at("offset").get<int64_t>());
}

Array array_of(const Json& c, Device device) {
  Array x;
  for (const DType d : {bool_, int32, int64, float32, float64})
    if (name(d) == c.at("dtype").get<std::string>())
      with_type(d, [&](auto t) { x = array_of<decltype(t)>(c, device); });
  return x;
}

void check_all(Device device) {
  const Json cases = load_cases();
  ASSERT_GE(cases.size(), 60u);
  for (const Json& c : cases) {
    const Array x = array_of(c, device);
    ASSERT_TRUE(x) << c.at("name");
    EXPECT_EQ(to_string(x), c.at("text").get<std::string>()) << c.at("name");
  }
}

TEST(Print, IsNumPys) {
  bare_backend();
  check_all(parse_device(bare_name));
}

TEST(Print, OnADeviceIsTheSame) {
  simulated_backend();
  check_all(parse_device("simulated:1"));
}

TEST(Print, GoesToStreams) {
  bare_backend();
  const float values[] = {1, 2.5};
  std::ostringstream s;
  s << "x = " << Array::from_data(std::span<const float>(values), {2}, parse_device(bare_name));
  EXPECT_EQ(s.str(), "x = [1.  2.5]");
}

TEST(Print, OfNothingIsAnError) { EXPECT_THROW(to_string(Array()), Error); }

TEST(Print, OfADtypeWithoutTextIsAnError) {
  bare_backend();
  EXPECT_THROW(to_string(Array::empty(Shape{2}, DType::float16, parse_device(bare_name))), DTypeError);
}

}  // namespace
}  // namespace plugrad::tests

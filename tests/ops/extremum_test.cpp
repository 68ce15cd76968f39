// Extrema: NaN, ties, zeros of both signs, the ends of the integers, and errors.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "plugrad/core/tape.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using tests::message_of;

class Extremum : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Extremum, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 nan = std::numeric_limits<double>::quiet_NaN();

template <class T>
Array vector(std::vector<T> v) {
  return Array::from_data(v, Shape{static_cast<int64_t>(v.size())});
}

TEST_P(Extremum, NaNIsBeyondAllNumbers) {
  for (const DType dtype : {float32, float64}) {
    const Array x = cast(vector<double>({1, nan, infinity, -infinity, nan}), dtype);
    EXPECT_TRUE(std::isnan(max(x).item()));
    EXPECT_TRUE(std::isnan(min(x).item()));
    EXPECT_EQ(argmax(x, 0).item<int64_t>(), 1);
    EXPECT_EQ(argmin(x, 0).item<int64_t>(), 1);
  }
}

TEST_P(Extremum, TheFirstOfEqualOnes) {
  for (const DType dtype : {float32, float64, int32, int64}) {
    const Array x = cast(vector<double>({3, -2, 7, -2, 7, 0}), dtype);
    EXPECT_EQ(argmax(x, 0).item<int64_t>(), 2);
    EXPECT_EQ(argmin(x, 0).item<int64_t>(), 1);
    EXPECT_EQ(argmax(flip(x, 0), 0).item<int64_t>(), 1);
    EXPECT_EQ(argmin(flip(x, 0), 0).item<int64_t>(), 2);
  }
}

TEST_P(Extremum, ZerosOfBothSignsAreEqual) {
  for (const DType dtype : {float32, float64}) {
    const Array x = cast(vector<double>({-0.0, 0.0, -0.0}), dtype);
    EXPECT_EQ(max(x).item(), 0);
    EXPECT_EQ(min(x).item(), 0);
    EXPECT_EQ(argmax(x, 0).item<int64_t>(), 0);
    EXPECT_EQ(argmin(flip(x, 0), 0).item<int64_t>(), 0);
    EXPECT_TRUE(std::signbit(max(cast(vector<double>({-0.0, -1}), dtype)).item()));
    const Array g = grad([](const Array& a) { return max(a); })(x);
    EXPECT_EQ(cast(3 * g, float64).to_vector<double>(), (std::vector<double>{1, 1, 1}));
  }
}

// Elements of both signs, from the smallest magnitudes to the largest, in an order that is not theirs.
TEST_P(Extremum, OfAllMagnitudes) {
  const std::vector<double> x{1e-40, -1e-40, 1e-3, -3e38, 5, 3e38, -7, 1e-30, 0, -1e20};
  for (const DType dtype : {float32, float64}) {
    const Array a = cast(vector(x), dtype);
    EXPECT_EQ(argmax(a, 0).item<int64_t>(), 5);
    EXPECT_EQ(argmin(a, 0).item<int64_t>(), 3);
    EXPECT_EQ(max(slice(a, 0, 0, 2)).item(), slice(a, 0, 0, 1).item());
    EXPECT_EQ(min(slice(a, 0, 0, 2)).item(), slice(a, 0, 1, 2).item());
    EXPECT_EQ(max(-abs(a)).item(), 0);
    EXPECT_EQ(max(full({3}, -infinity, dtype)).item(), -infinity);
    EXPECT_EQ(argmax(full({3}, -infinity, dtype), 0).item<int64_t>(), 0);
    EXPECT_EQ(argmin(full({3}, infinity, dtype), 0).item<int64_t>(), 0);
  }
}

TEST_P(Extremum, TheEndsOfTheIntegers) {
  constexpr int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  const Array x = vector<int64_t>({most - 1, least, most, least + 1});
  EXPECT_EQ(max(x).item<int64_t>(), most);
  EXPECT_EQ(min(x).item<int64_t>(), least);
  EXPECT_EQ(argmax(x, 0).item<int64_t>(), 2);
  EXPECT_EQ(argmin(x, 0).item<int64_t>(), 1);
  EXPECT_EQ(max(vector<int64_t>({least, least})).item<int64_t>(), least);
  EXPECT_EQ(argmax(vector<int64_t>({least, least}), 0).item<int64_t>(), 0);
  EXPECT_EQ(argmin(vector<int64_t>({most, most}), 0).item<int64_t>(), 0);
  const Array y = vector<int32_t>({-1, std::numeric_limits<int32_t>::min(), 1});
  EXPECT_EQ(min(y).dtype(), int32);
  EXPECT_EQ(min(y).item<int32_t>(), std::numeric_limits<int32_t>::min());
}

TEST_P(Extremum, GradientsAreSharedEvenly) {
  const Array x = Array::from_data<double>({1, 3, 3, 0, 5, 0, 0, 0}, {2, 4});
  const auto of = [&](const std::function<Array(const Array&)>& f) {
    return grad([&](const Array& a) { return sum(f(a)); })(x).to_vector<double>();
  };
  EXPECT_EQ(of([](const Array& a) { return max(a, 1); }), (std::vector<double>{0, .5, .5, 0, 1, 0, 0, 0}));
  EXPECT_EQ(of([](const Array& a) { return 3 * min(a, 1); }), (std::vector<double>{0, 0, 0, 3, 0, 1, 1, 1}));
  EXPECT_EQ(of([](const Array& a) { return 4 * min(a); }), (std::vector<double>{0, 0, 0, 1, 0, 1, 1, 1}));
}

// The composition, which gradients that are differentiated again come from, shares as the kernels do.
TEST_P(Extremum, ComposedGradientsAreSharedEvenly) {
  const ComposedGradients composed;
  const Array x = Array::from_data<double>({1, 3, 3, 0, 0, 0}, {2, 3});
  const auto of_max = grad([](const Array& a) { return sum(max(a, 1)); })(x).to_vector<double>();
  const auto of_min = grad([](const Array& a) { return sum(min(a)); })(x).to_vector<double>();
  const double third = 1.0 / 3;
  EXPECT_EQ(of_max, (std::vector<double>{0, 0.5, 0.5, third, third, third}));
  EXPECT_EQ(of_min, (std::vector<double>{0, 0, 0, third, third, third}));
}

TEST_P(Extremum, NamesWhatDoesNotFit) {
  const Array none = zeros({2, 0});
  const auto has = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(message_of<ShapeError>([&] { max(none, 1); }), "max: no maximum of no elements");
  has(message_of<ShapeError>([&] { min(none); }), "min: no minimum of no elements");
  has(message_of<ShapeError>([&] { argmax(none, 1); }), "argmax: no maximum of no elements");
  has(message_of<ShapeError>([&] { argmin(none, 1); }), "argmin: no minimum of no elements");
  has(message_of<ShapeError>([&] { min(none, 1); }), "[2, 0]");
  has(message_of<ShapeError>([&] { argmin(none, 2); }), "argmin");
  has(message_of<DTypeError>([] { min(zeros({2}, bool_)); }), "min");
  EXPECT_EQ(to_string(max(none, 0).shape()), "[0]");
  EXPECT_EQ(to_string(argmin(none, 0, true).shape()), "[1, 0]");
}

}  // namespace
}  // namespace plugrad

// Running sums: precision, dtypes, both directions, and errors.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using tests::message_of;

class Cumsum : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Cumsum, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

Array vector(std::vector<double> v) { return Array::from_data(v, Shape{static_cast<int64_t>(v.size())}); }
std::vector<double> values(const Array& x) { return x.to_vector<double>(); }

TEST_P(Cumsum, BothDirections) {
  EXPECT_EQ(values(cumsum(vector({1, 2, 4}), 0)), (std::vector<double>{1, 3, 7}));
  EXPECT_EQ(values(cumsum(vector({1, 2, 4}), 0, true)), (std::vector<double>{7, 6, 4}));
  const Array x = Array::from_data<double>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(values(cumsum(x, 0)), (std::vector<double>{1, 2, 3, 5, 7, 9}));
  EXPECT_EQ(values(cumsum(x, -1, true)), (std::vector<double>{6, 5, 3, 15, 11, 6}));
}

TEST_P(Cumsum, OfIntegersIsInt64) {
  const Array y = cumsum(Array::from_data<int32_t>({2'000'000'000, 2'000'000'000, -1}), 0);
  EXPECT_EQ(y.to_vector<int64_t>(), (std::vector<int64_t>{2'000'000'000, 4'000'000'000, 3'999'999'999}));
  const Array counts = cumsum(Array::from_data<bool>({true, false, true, true}), 0);
  EXPECT_EQ(counts.to_vector<int64_t>(), (std::vector<int64_t>{1, 1, 2, 3}));
}

// Every sum of float32 is the exact one, rounded: the errors of others grow with their number.
TEST_P(Cumsum, IsPreciseAtEveryElement) {
  const char* largest = std::getenv("PLUGRAD_TEST_LARGEST");
  const int64_t n = largest ? std::min<int64_t>(3'000'000, std::strtoll(largest, nullptr, 10)) : 3'000'000;
  const Array x = full({n}, 0.1);
  for (const bool reverse : {false, true}) {
    std::vector<float> y = cumsum(x, 0, reverse).to_vector<float>();
    if (reverse) std::reverse(y.begin(), y.end());
    double worst = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      const double exact = static_cast<double>(i + 1) * static_cast<double>(0.1f);
      worst = std::max(worst, std::abs(static_cast<double>(y[i]) / exact - 1));
    }
    EXPECT_LT(worst, 6e-8);
  }
  float plain = 0;
  for (int64_t i = 0; i < n; ++i) plain += 0.1f;
  EXPECT_GT(std::abs(static_cast<double>(plain) / (static_cast<double>(n) * 0.1) - 1), 1e-6);
}

TEST_P(Cumsum, ManyPassesSideBySide) {
  const Array x = ones({3, 5000}), y = cumsum(x, 0), z = cumsum(permute(x, {1, 0}), 1);
  EXPECT_EQ(sum(equal(select(y, 0, 2), 3)).item<int64_t>(), 5000);
  EXPECT_EQ(sum(equal(select(z, 1, 1), 2)).item<int64_t>(), 5000);
  const Array tall = cumsum(ones({40, 5000}), 0);
  EXPECT_EQ(sum(equal(select(tall, 0, 39), 40)).item<int64_t>(), 5000);
}

TEST_P(Cumsum, GradientRunsTheOtherWay) {
  const Array w = vector({1, 10, 100});
  const auto of = [&w](bool reverse) {
    return values(grad([&](const Array& x) { return sum(cumsum(x, 0, reverse) * w); })(vector({1, 1, 1})));
  };
  EXPECT_EQ(of(false), (std::vector<double>{111, 110, 100}));
  EXPECT_EQ(of(true), (std::vector<double>{1, 11, 111}));
}

TEST_P(Cumsum, NamesWhatDoesNotFit) {
  EXPECT_EQ(message_of<ShapeError>([] { cumsum(zeros({2, 3}), 2); }).find("cumsum:"), 0u);
  EXPECT_EQ(message_of<ShapeError>([] { cumsum(Array(1.0), 0); }).find("cumsum:"), 0u);
}

}  // namespace
}  // namespace plugrad

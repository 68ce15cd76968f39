// logsumexp of what exp can't represent, of infinities, and of nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class LogSumExp : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, LogSumExp, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 nan = std::numeric_limits<double>::quiet_NaN();

Array vector(std::vector<double> v) { return Array::from_data(v, Shape{static_cast<int64_t>(v.size())}); }
const auto gradient = grad([](const Array& x) { return sum(logsumexp(x, 0)); });

TEST_P(LogSumExp, OverflowsNowhere) {
  for (const double far : {1000.0, -1000.0, 1e30, -1e30}) {
    for (const DType dtype : {float32, float64}) {
      const double y = logsumexp(cast(vector({far, far}), dtype)).item();
      EXPECT_NEAR(y, far + std::log(2.0), 1e-6 * std::abs(far));
    }
  }
  for (const double far : {1000.0, -1000.0})
    for (const double g : gradient(vector({far, far})).to_vector<double>()) EXPECT_NEAR(g, 0.5, 1e-12);
  EXPECT_EQ(logsumexp(vector({-1e308, 1e308})).item(), 1e308);
}

TEST_P(LogSumExp, OfInfinities) {
  for (const DType dtype : {float32, float64}) {
    const auto of = [dtype](std::vector<double> x) {
      return logsumexp(cast(vector(std::move(x)), dtype)).item();
    };
    EXPECT_EQ(of({-infinity, -infinity}), -infinity);
    EXPECT_EQ(of({-infinity, 3}), 3);
    EXPECT_EQ(of({3, infinity, -infinity}), infinity);
    EXPECT_EQ(of({infinity, infinity}), infinity);
    EXPECT_TRUE(std::isnan(of({3, nan})));
    EXPECT_TRUE(std::isnan(of({infinity, nan})));
    EXPECT_TRUE(std::isnan(of({-infinity, nan})));
  }
}

// In rows and in columns that are longer than what is worked on at once.
TEST_P(LogSumExp, OfARowWithoutFiniteElements) {
  const Array x = full({2000, 3}, -infinity, float64);
  for (const double y : logsumexp(x, 0).to_vector<double>()) EXPECT_EQ(y, -infinity);
  for (const double y : logsumexp(transpose(copy(x)), 1).to_vector<double>()) EXPECT_EQ(y, -infinity);
  EXPECT_EQ(logsumexp(x).item(), -infinity);
  EXPECT_EQ(logsumexp(concat({x, zeros({1, 3}, float64)}, 0)).item(), std::log(3.0));
}

TEST_P(LogSumExp, GradientIsTheSoftmax) {
  const Array x = vector({1, 2, -infinity, 0.5});
  const std::vector<double> g = gradient(x).to_vector<double>(), s = softmax(x, 0).to_vector<double>();
  for (size_t i = 0; i < g.size(); ++i) EXPECT_NEAR(g[i], s[i], 1e-15);
  EXPECT_EQ(gradient(vector({-infinity, -infinity})).to_vector<double>(), (std::vector<double>{0, 0}));
}

TEST_P(LogSumExp, OfNothing) {
  EXPECT_EQ(logsumexp(zeros({2, 0}), 1).to_vector<float>(),
            (std::vector<float>(2, -std::numeric_limits<float>::infinity())));
}

TEST_P(LogSumExp, IsPreciseOverManyElements) {
  const char* largest = std::getenv("PLUGRAD_TEST_LARGEST");
  const int64_t n =
      largest ? std::min<int64_t>(1 << 22, std::strtoll(largest, nullptr, 10)) / 4 * 4 : 1 << 22;
  const Array x = zeros({n});
  const double expected = std::log(static_cast<double>(n));
  EXPECT_NEAR(logsumexp(x).item(), expected, 2e-7 * expected);
  for (const float y : logsumexp(reshape(x, {n / 4, 4}), 0).to_vector<float>())
    EXPECT_NEAR(static_cast<double>(y), std::log(static_cast<double>(n / 4)), 2e-7 * expected);
}

}  // namespace
}  // namespace plugrad

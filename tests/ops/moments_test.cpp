// Variance and standard deviation: precision where the mean is large, corrections, and flat arrays.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class Moments : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Moments, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

int64_t up_to(int64_t n) {
  const char* largest = std::getenv("PLUGRAD_TEST_LARGEST");
  return largest ? std::min<int64_t>(n, std::strtoll(largest, nullptr, 10)) / 40 * 40 : n;
}
Array vector(std::vector<double> v) { return Array::from_data(v, Shape{static_cast<int64_t>(v.size())}); }

// 4096 and the next float32, in turn: neither their mean nor the difference of their squares' mean and its
// square is anywhere near in float32.
TEST_P(Moments, OfNeighboursInFloat32) {
  const int64_t n = up_to(1'000'000);
  const float low = 4096, high = std::nextafter(low, 5000.0f);
  std::vector<float> x(static_cast<size_t>(n));
  for (size_t i = 0; i < x.size(); ++i) x[i] = i % 2 == 0 ? low : high;
  const double half = static_cast<double>(high - low) / 2;
  const auto check = [&](const Shape& shape, const Axes& axes, bool alternates) {
    SCOPED_TRACE(to_string(shape) + " along " + (axes.size() ? std::to_string(axes[0]) : "all"));
    const Array a = Array::from_data(x, shape);
    for (const float y : var(a, axes, false, 0).to_vector<float>())
      EXPECT_NEAR(static_cast<double>(y), alternates ? half * half : 0, 1e-5 * half * half);
    for (const float y : stddev(a, axes, false, 0).to_vector<float>())
      EXPECT_NEAR(static_cast<double>(y), alternates ? half : 0, 1e-5 * half);
  };
  check({n}, {}, true);
  for (const Shape& shape : {Shape{n / 4, 4}, Shape{4, n / 4}, Shape{n / 20, 20}}) {
    check(shape, {}, true);
    check(shape, 1, true);
    check(shape, 0, false);  // columns are of one value
  }
  const Array columns = transpose(Array::from_data(x, {20, n / 20}));
  for (const float y : var(columns, 0, false, 0).to_vector<float>())
    EXPECT_NEAR(static_cast<double>(y), half * half, 1e-5 * half * half);
  // Gradients know the mean to more than float32, too.
  const auto total = [](const Array& a) { return var(a, {}, false, 0); };
  const std::vector<float> g = grad(total)(Array::from_data(x, {n})).to_vector<float>();
  const double slope = 2 * half / static_cast<double>(n);
  EXPECT_NEAR(static_cast<double>(g[0]), -slope, 1e-5 * slope);
  EXPECT_NEAR(static_cast<double>(g[1]), slope, 1e-5 * slope);
}

// The difference of squares would be off by more than it is.
TEST_P(Moments, OfALargeMeanInFloat64) {
  std::vector<double> x;
  for (int i = 0; i < 1000; ++i) x.push_back(1e9 + i % 10);
  EXPECT_NEAR(var(vector(x), {}, false, 0).item(), 8.25, 1e-8);
  EXPECT_NEAR(stddev(vector(x), {}, false, 0).item(), std::sqrt(8.25), 1e-8);
}

TEST_P(Moments, Corrections) {
  const Array x = vector({1, 2, 4, 9});  // mean 4, squared distances 38
  EXPECT_DOUBLE_EQ(var(x).item(), 38.0 / 3);
  EXPECT_DOUBLE_EQ(var(x, {}, false, 0).item(), 9.5);
  EXPECT_DOUBLE_EQ(var(x, {}, false, 1.5).item(), 15.2);
  EXPECT_DOUBLE_EQ(stddev(x).item(), std::sqrt(38.0 / 3));
  // As many as there are elements, or more: divided by 0.
  for (const double correction : {4.0, 7.0}) {
    EXPECT_TRUE(std::isinf(var(x, {}, false, correction).item()));
    EXPECT_TRUE(std::isinf(stddev(x, {}, false, correction).item()));
  }
  EXPECT_TRUE(std::isnan(var(vector({5})).item()));
  EXPECT_EQ(var(vector({5}), {}, false, 0).item(), 0);
}

TEST_P(Moments, OfIntegersAreFloat32) {
  const Array x = Array::from_data<int32_t>({1, 2, 4, 9});
  EXPECT_EQ(var(x).dtype(), float32);
  EXPECT_FLOAT_EQ(var(x, {}, false, 0).item<float>(), 9.5f);
}

TEST_P(Moments, OfNothingAreNaN) {
  const std::vector<float> v = var(zeros({2, 0}), 1).to_vector<float>(),
                           s = stddev(zeros({2, 0}), 1, true).to_vector<float>();
  EXPECT_TRUE(v.size() == 2 && std::isnan(v[0]) && std::isnan(v[1]));
  EXPECT_TRUE(s.size() == 2 && std::isnan(s[0]) && std::isnan(s[1]));
}

TEST_P(Moments, GradientWhereAllElementsAreEqual) {
  const auto zeros_of = [](auto f) {
    for (const double g : grad(f)(vector({3, 3, 3})).template to_vector<double>()) EXPECT_EQ(g, 0);
  };
  zeros_of([](const Array& x) { return var(x); });
  zeros_of([](const Array& x) { return stddev(x); });
  // Differentiating that once more is no NaN either.
  zeros_of([](const Array& x) {
    return sum(grad([](const Array& y) { return stddev(y); })(x) * vector({1, 2, 3}));
  });
}

}  // namespace
}  // namespace plugrad

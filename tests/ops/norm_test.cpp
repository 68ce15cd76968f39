// Norms: orders, zero vectors and their gradients, and errors.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using tests::message_of;

class Norm : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Norm, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 nan = std::numeric_limits<double>::quiet_NaN();

Array vector(std::vector<double> v) { return Array::from_data(v, Shape{static_cast<int64_t>(v.size())}); }
std::vector<double> gradient(std::vector<double> x, double order) {
  return grad([order](const Array& a) { return norm(a, order); })(vector(std::move(x))).to_vector<double>();
}

TEST_P(Norm, Orders) {
  const Array x = vector({3, -4, 0});
  EXPECT_EQ(norm(x).item(), 5);
  EXPECT_EQ(norm(x, 1).item(), 7);
  EXPECT_EQ(norm(x, infinity).item(), 4);
  EXPECT_EQ(norm(x, -infinity).item(), 0);
  EXPECT_EQ(norm(x, 0).item(), 2);
  EXPECT_NEAR(norm(x, 3).item(), std::cbrt(91.0), 1e-14);
  EXPECT_NEAR(norm(x, 0.5).item(), 7 + 2 * std::sqrt(12.0), 1e-13);
  EXPECT_EQ(norm(x, -1).item(), 0);
  EXPECT_NEAR(norm(slice(x, 0, 0, 2), -1).item(), 12.0 / 7, 1e-14);
  EXPECT_EQ(norm(Array::from_data<int32_t>({3, -4})).item<float>(), 5);
}

TEST_P(Norm, OfTheLargestElementsWithoutASum) {
  EXPECT_FLOAT_EQ(norm(full({100}, 3e38), infinity).item<float>(), 3e38f);
  EXPECT_FLOAT_EQ(norm(full({100}, -3e38), -infinity).item<float>(), 3e38f);
}

// 0, as PyTorch's subgradient is.
TEST_P(Norm, GradientAtTheZeroVector) {
  for (const double order : {2.0, 1.0, 3.0, 0.5, 0.0, infinity, -infinity, -1.0}) {
    SCOPED_TRACE(order);
    EXPECT_EQ(gradient({0, 0, 0}, order), (std::vector<double>{0, 0, 0}));
  }
  const auto directional = [](const Array& x) {
    return sum(grad([](const Array& a) { return norm(a); })(x) * vector({1, 2}));
  };
  EXPECT_EQ(grad(directional)(vector({0, 0})).to_vector<double>(), (std::vector<double>{0, 0}));
}

TEST_P(Norm, GradientAtZerosAmongOthers) {
  EXPECT_EQ(gradient({3, 0, -4}, 2), (std::vector<double>{0.6, 0, -0.8}));
  EXPECT_EQ(gradient({3, 0, -4}, 1), (std::vector<double>{1, 0, -1}));
  EXPECT_EQ(gradient({3, 0, -4}, 0), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(gradient({3, 0, -4}, 0.5)[1], 0);
  EXPECT_EQ(gradient({3, 0, -4}, -1), (std::vector<double>{0, 0, 0}));
}

TEST_P(Norm, GradientOfTheLargestIsSharedEvenly) {
  EXPECT_EQ(gradient({4, -1, -4, 1}, infinity), (std::vector<double>{0.5, 0, -0.5, 0}));
  EXPECT_EQ(gradient({4, -1, -4, 1}, -infinity), (std::vector<double>{0, -0.5, 0, 0.5}));
}

TEST_P(Norm, NaNGoesThrough) {
  for (const double order : {2.0, 1.0, 3.0, infinity, -infinity})
    EXPECT_TRUE(std::isnan(norm(vector({1, nan, 2}), order).item())) << order;
  EXPECT_EQ(norm(vector({1, nan, 0}), 0).item(), 2);
  EXPECT_EQ(norm(vector({1, -infinity}), 2).item(), infinity);
}

TEST_P(Norm, NamesWhatDoesNotFit) {
  const Array none = zeros({2, 0});
  const auto has = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(message_of<ShapeError>([&] { norm(none, nan, 1); }), "norm: NaN is no order");
  has(message_of<ShapeError>([&] { norm(none, infinity, 1); }), "norm: no maximum of no elements");
  has(message_of<ShapeError>([&] { norm(none, -infinity, 1); }), "norm: no minimum of no elements");
  EXPECT_EQ(norm(none, 2, 1).to_vector<float>(), (std::vector<float>{0, 0}));
  EXPECT_EQ(norm(none, 0, 1).to_vector<float>(), (std::vector<float>{0, 0}));
}

}  // namespace
}  // namespace plugrad

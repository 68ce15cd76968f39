// Sums, means and products: how precise they are over many elements, of what dtype they are, and products
// with zeros.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using tests::message_of;

class Reduce : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Reduce, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

// `n`, or as many elements as PLUGRAD_TEST_LARGEST allows where kernels are interpreted.
int64_t up_to(int64_t n) {
  const char* largest = std::getenv("PLUGRAD_TEST_LARGEST");
  return largest ? std::min<int64_t>(n, std::strtoll(largest, nullptr, 10)) / 20 * 20 : n;
}

Array repeated(float value, const Shape& shape) {
  return Array::from_data(std::vector<float>(static_cast<size_t>(shape.size()), value), shape);
}
Array vector(std::vector<double> v) { return Array::from_data(v, Shape{static_cast<int64_t>(v.size())}); }
std::vector<double> values(const Array& x) { return x.to_vector<double>(); }

// The largest relative distance of float32 results from what they should be.
double worst(const Array& y, double expected) {
  double worst = 0;
  for (const float value : y.to_vector<float>())
    worst = std::max(worst, std::abs(static_cast<double>(value) / expected - 1));
  return worst;
}
// What adding up in a row gives.
double plain_sum(float value, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += value;
  return static_cast<double>(sum);
}

// ---- precision ----

TEST_P(Reduce, CountsBeyondTheMantissaOfFloat32) {
  const int64_t n = up_to(20'000'000);
  EXPECT_EQ(sum(repeated(1, {n})).item(), static_cast<double>(n));
  EXPECT_EQ(sum(repeated(1, {4, n / 4})).item(), static_cast<double>(n));
  EXPECT_EQ(mean(repeated(1, {n})).item(), 1);
}

TEST_P(Reduce, IsPreciseAlongEveryAxis) {
  const int64_t n = up_to(10'000'000);
  const auto tenth = static_cast<double>(0.1f);
  const double plain = std::abs(plain_sum(0.1f, n) / (static_cast<double>(n) * tenth) - 1);
  EXPECT_GT(plain, 5e-6) << "too few elements to tell one algorithm from another";
  for (const int64_t rows : {int64_t{1}, int64_t{5}, n / 5}) {
    SCOPED_TRACE("rows: " + std::to_string(rows));
    const Array x = repeated(0.1f, {rows, n / rows});
    const double m = static_cast<double>(rows) * tenth, k = static_cast<double>(n / rows) * tenth;
    EXPECT_LT(worst(sum(x), static_cast<double>(n) * tenth), 1e-6);
    EXPECT_LT(worst(sum(x, 0), m), 1e-6);
    EXPECT_LT(worst(sum(x, 1), k), 1e-6);
    EXPECT_LT(worst(sum(transpose(x), 0), k), 1e-6);
    EXPECT_LT(worst(sum_to(x, {n / rows}), m), 1e-6);
    EXPECT_LT(worst(mean(x), tenth), 1e-6);
    EXPECT_LT(worst(mean(x, 0), tenth), 1e-6);
    EXPECT_LT(worst(mean(x, 1), tenth), 1e-6);
  }
}

// Not only where all elements are equal, whose partial sums have their errors in common.
TEST_P(Reduce, IsPreciseForElementsOfManySizes) {
  const int64_t n = up_to(1'000'000);
  std::vector<float> x(static_cast<size_t>(n));
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::exp(8 * std::sin(static_cast<float>(i)));
  const double exact = std::accumulate(x.begin(), x.end(), 0.0);
  EXPECT_LT(worst(sum(Array::from_data(x, {n})), exact), 1e-6);
  EXPECT_LT(worst(sum(Array::from_data(x, {n / 4, 4})), exact), 1e-6);
}

// ---- of nothing ----

TEST_P(Reduce, OfNothing) {
  const Array none = zeros({2, 0});
  EXPECT_EQ(sum(none, 1).to_vector<float>(), (std::vector<float>{0, 0}));
  EXPECT_EQ(prod(none, 1).to_vector<float>(), (std::vector<float>{1, 1}));
  EXPECT_EQ(prod(zeros({0}, int32)).item<int64_t>(), 1);
  for (const float m : mean(none, 1).to_vector<float>()) EXPECT_TRUE(std::isnan(m));
}

// ---- products ----

TEST_P(Reduce, ProductsOfIntegersAreInt64) {
  const Array x = Array::from_data<int32_t>({100'000, 100'000, -3});
  EXPECT_EQ(prod(x).dtype(), int64);
  EXPECT_EQ(prod(x).item<int64_t>(), -30'000'000'000);
  EXPECT_EQ(prod(Array::from_data<bool>({true, true})).item<int64_t>(), 1);
  EXPECT_EQ(prod(Array::from_data<bool>({true, false})).dtype(), int64);
  EXPECT_EQ(prod(Array::from_data<bool>({true, false})).item<int64_t>(), 0);
  const int64_t wrapped = static_cast<int64_t>(uint64_t{1} << 63);
  EXPECT_EQ(prod(Array::from_data(std::vector<int64_t>(63, 2), {63})).item<int64_t>(), wrapped);
  EXPECT_EQ(prod(Array::from_data(std::vector<int64_t>(64, 2), {64})).item<int64_t>(), 0);
}

TEST_P(Reduce, ProductsOfRepeatedElements) {
  EXPECT_EQ(prod(expand(vector({-2}), {5})).item(), -32);
  EXPECT_EQ(prod(expand(Array::from_data<int64_t>({-3}), {5})).item<int64_t>(), -243);
  EXPECT_EQ(values(prod(expand(reshape(vector({2, 3}), {2, 1}), {2, 3}), 1)), (std::vector<double>{8, 27}));
}

// Neither on the way nor with a factor that undoes it.
TEST_P(Reduce, ProductsOfFloat32MayPassItsRange) {
  const Array x = Array::from_data<float>({1e30f, 1e30f, 1e-30f, 1e-30f, 2});
  EXPECT_FLOAT_EQ(prod(x).item<float>(), 2);
  const std::vector<float> g = grad([](const Array& a) { return prod(a); })(x).to_vector<float>();
  EXPECT_FLOAT_EQ(g[0], 2e-30f);
  EXPECT_FLOAT_EQ(g[2], 2e30f);
  EXPECT_FLOAT_EQ(g[4], 1);
}

std::vector<double> gradient_of_prod(std::vector<double> x) {
  return values(grad([](const Array& a) { return prod(a); })(vector(std::move(x))));
}

TEST_P(Reduce, GradientOfProductsWithZeros) {
  EXPECT_EQ(gradient_of_prod({2, 3, 4}), (std::vector<double>{12, 8, 6}));
  EXPECT_EQ(gradient_of_prod({2, 0, 4}), (std::vector<double>{0, 8, 0}));
  EXPECT_EQ(gradient_of_prod({0, 3, 0}), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(gradient_of_prod({0, 0, 0, 0}), (std::vector<double>{0, 0, 0, 0}));
  EXPECT_EQ(gradient_of_prod({7}), (std::vector<double>{1}));
  EXPECT_EQ(gradient_of_prod({0}), (std::vector<double>{1}));
  EXPECT_EQ(gradient_of_prod({}), std::vector<double>());
}

// What dividing the product by each element would spoil.
TEST_P(Reduce, GradientOfProductsThatOverflow) {
  const std::vector<double> g = gradient_of_prod({1e200, 1e200, 1e-200});
  EXPECT_NEAR(g[0], 1, 1e-12);
  EXPECT_NEAR(g[1], 1, 1e-12);
  EXPECT_TRUE(std::isinf(g[2]));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(gradient_of_prod({infinity, 2, 3})[0], 6);
}

// Second derivatives are the products of all other elements: of x = (2, 0, 3, 5) with weights w.
TEST_P(Reduce, HessianOfProductsWithZeros) {
  const auto hessian_times = [](std::vector<double> x, std::vector<double> w) {
    const Array weights = vector(std::move(w));
    const auto directional = [&](const Array& a) {
      return sum(grad([](const Array& b) { return prod(b); })(a) * weights);
    };
    return values(grad(directional)(vector(std::move(x))));
  };
  EXPECT_EQ(hessian_times({2, 0, 3, 5}, {1, 0, 0, 0}), (std::vector<double>{0, 15, 0, 0}));
  EXPECT_EQ(hessian_times({2, 0, 3, 5}, {0, 1, 0, 0}), (std::vector<double>{15, 0, 10, 6}));
  EXPECT_EQ(hessian_times({2, 0, 0, 5}, {0, 1, 0, 0}), (std::vector<double>{0, 0, 10, 0}));
  EXPECT_EQ(hessian_times({0, 0, 0, 5}, {1, 1, 1, 1}), (std::vector<double>{0, 0, 0, 0}));
  EXPECT_EQ(hessian_times({0, 0}, {1, 0}), (std::vector<double>{0, 1}));
}

TEST_P(Reduce, ThirdDerivativeOfAProductOfZeros) {  // of x y z at 0
  const auto f = [](const Array& a) { return prod(a); };
  const auto second = [&](const Array& a) { return sum(grad(f)(a) * vector({1, 0, 0})); };
  const auto third = [&](const Array& a) { return sum(grad(second)(a) * vector({0, 1, 0})); };
  EXPECT_EQ(values(grad(third)(vector({0, 0, 0}))), (std::vector<double>{0, 0, 1}));
}

// Along several axes that do not lie behind each other, with zeros in some.
TEST_P(Reduce, GradientOfProductsOverSeveralAxes) {
  const Array x = Array::from_data<double>({1, 2, 3, 4, 0, 6, 7, 8, 9, 10, 0, 0}, {2, 3, 2});
  const Array g = grad([](const Array& a) { return sum(prod(a, {0, 2}) * vector({1, 1, 2})); })(x);
  // Rows of the middle axis: (1, 2, 7, 8), (3, 4, 9, 10), (0, 6, 0, 0).
  const std::vector<double> expected{112, 56, 360, 270, 0, 0, 16, 14, 120, 108, 0, 0};
  EXPECT_EQ(values(g), expected);
}

// ---- errors ----

TEST_P(Reduce, NamesWhatDoesNotFit) {
  const Array x = zeros({2, 3});
  for (const auto& f : {sum, prod, mean}) {
    EXPECT_NE(message_of<ShapeError>([&] { f(x, {2}, false); }).find("2"), std::string::npos);
    EXPECT_NE(message_of<ShapeError>([&] { f(x, {0, -2}, false); }), "(nothing thrown)");
  }
  EXPECT_NE(message_of<ShapeError>([&] { sum_to(x, {2}); }).find("sum_to: cannot reduce to [2]"),
            std::string::npos);
  EXPECT_NE(message_of<ShapeError>([&] {
              sum_to(x, {1, 2, 3});
            }).find("cannot reduce to [1, 2, 3]"),
            std::string::npos);
}

}  // namespace
}  // namespace plugrad

// Elementary functions: how far float32 is from the exact result over the whole of its range, values that are
// exact, signs of zero, and gradients where formulas have gaps.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class Elementary : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Elementary, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

Array number(double x) { return full({}, x, float64); }

template <class T>
Array vector_of(const std::vector<T>& values) {
  return Array::from_data<T>(values, Shape{static_cast<int64_t>(values.size())});
}

double exact_sinc(double x) {
  if (x == 0) return 1;
  const double turn = std::remainder(x, 2.0);
  return std::sin(std::numbers::pi * (std::abs(turn) > 0.5 ? std::copysign(1, turn) - turn : turn)) /
         (std::numbers::pi * x);
}

struct Function {
  const char* name;
  Array (*op)(const Array&);
  double (*exact)(double);
};
const Function functions[] = {{"reciprocal", reciprocal, [](double x) { return 1 / x; }},
                              {"sqrt", sqrt, std::sqrt},
                              {"rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }},
                              {"cbrt", cbrt, std::cbrt},
                              {"exp", exp, std::exp},
                              {"exp2", exp2, std::exp2},
                              {"exp10", exp10, [](double x) { return std::pow(10.0, x); }},
                              {"expm1", expm1, std::expm1},
                              {"log", log, std::log},
                              {"log2", log2, std::log2},
                              {"log10", log10, std::log10},
                              {"log1p", log1p, std::log1p},
                              {"sin", sin, std::sin},
                              {"cos", cos, std::cos},
                              {"tan", tan, std::tan},
                              {"sinc", sinc, exact_sinc},
                              {"asin", asin, std::asin},
                              {"acos", acos, std::acos},
                              {"atan", atan, std::atan},
                              {"sinh", sinh, std::sinh},
                              {"cosh", cosh, std::cosh},
                              {"asinh", asinh, std::asinh},
                              {"acosh", acosh, std::acosh},
                              {"atanh", atanh, std::atanh}};

// The distance in units in the last place of float32; infinite where one is NaN or infinite and the other is
// not.
double ulps(float got, double exact) {
  const auto expected = static_cast<float>(exact);
  if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) && std::isnan(got) ? 0 : HUGE_VAL;
  if (got == expected) return 0;
  if (std::isinf(expected) || std::isinf(got)) return HUGE_VAL;
  const double unit = std::max(std::ldexp(1.0, std::ilogb(exact) - 23), 0x1p-149);
  return std::abs(double{got} - exact) / unit;
}

// Every `step`-th float32 by its bits: all magnitudes, subnormal to infinite, and NaN.
std::vector<float> floats(uint32_t step) {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += step)
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  return x;
}

TEST_P(Elementary, IsWithinAFewUnitsOverTheWholeRange) {
  const std::vector<float> x = floats(1000003);
  for (const Function& f : functions) {
    const std::vector<float> y = f.op(vector_of(x)).to_vector<float>();
    double worst = 0;
    float where = 0;
    for (size_t i = 0; i < x.size(); ++i)
      if (const double off = ulps(y[i], f.exact(double{x[i]})); off > worst) worst = off, where = x[i];
    EXPECT_LE(worst, 5) << f.name << " at " << where;
  }
}

TEST_P(Elementary, KeepsTheSignOfZero) {
  for (const Function& f : functions) {
    const double exact = f.exact(-0.0);
    if (exact != 0) continue;
    for (const DType dtype : {float32, float64}) {
      const double y = f.op(full({}, -0.0, dtype)).item();
      EXPECT_EQ(y, 0) << f.name;
      EXPECT_EQ(std::signbit(y), std::signbit(exact)) << f.name;
    }
  }
}

TEST_P(Elementary, KnowsPowersOfTwoAndWholeHalfTurns) {
  std::vector<double> n, powers;
  for (int k = -1070; k < 1024; k += 7) n.push_back(k), powers.push_back(std::ldexp(1, k));
  EXPECT_EQ(exp2(vector_of(n)).to_vector<double>(), powers);
  const std::vector<double> logarithms = log2(vector_of(powers)).to_vector<double>();
  for (size_t i = 0; i < n.size(); ++i) EXPECT_DOUBLE_EQ(logarithms[i], n[i]);
  for (const double x : sinc(vector_of<double>({1, -2, 3, 100, -1e4, 1e15})).to_vector<double>())
    EXPECT_EQ(x, 0);
  EXPECT_EQ(sinc(number(0.0)).item(), 1);
}

TEST_P(Elementary, HypotNeitherOverflowsNorUnderflows) {
  const float large = 3e38f, small = 1e-40f;
  const std::vector<float> z =
      hypot(vector_of<float>({large / 2, small, 3, 0}), vector_of<float>({large / 2, 0, -4, -0.0f}))
          .to_vector<float>();
  EXPECT_FLOAT_EQ(z[0], static_cast<float>(std::sqrt(0.5) * 3e38));
  EXPECT_EQ(z[1], small);
  EXPECT_EQ(z[2], 5);
  EXPECT_EQ(z[3], 0);
  EXPECT_EQ(hypot(number(HUGE_VAL), number(std::nan(""))).item(), HUGE_VAL);
  const auto slope = grad([](const Array& x) { return sum(hypot(x, 0)); });
  EXPECT_EQ(slope(vector_of<float>({0, large, -1})).to_vector<float>(), (std::vector<float>{0, 1, -1}));
}

TEST_P(Elementary, Atan2KnowsTheQuadrants) {
  constexpr double pi = std::numbers::pi;
  const std::vector<double> sides = {0.0, -0.0, 1, -1, HUGE_VAL, -HUGE_VAL, 1e-300};
  for (const double y : sides)
    for (const double x : sides) {
      const double z = atan2(number(y), number(x)).item();
      EXPECT_NEAR(z, std::atan2(y, x), 1e-15) << y << ", " << x;
      EXPECT_EQ(std::signbit(z), std::signbit(y)) << y << ", " << x;
    }
  EXPECT_NEAR(atan2(number(0.0), number(-1.0)).item(), pi, 1e-15);
  const auto slope = grad([](const Array& y) { return sum(atan2(y, y)); });
  EXPECT_TRUE(std::isnan(slope(vector_of<double>({0})).item()));
  const auto far = grad([](const Array& y) { return sum(atan2(y, 1e30)); });
  EXPECT_FLOAT_EQ(far(vector_of<float>({1e30f})).item<float>(), 0.5e-30f);
}

// sinc(x) = 1 - pi^2 x^2 / 6 + pi^4 x^4 / 120 - ...
TEST_P(Elementary, SincIsSmoothAtZero) {
  const double pi2 = std::numbers::pi * std::numbers::pi;
  const auto first = grad([](const Array& x) { return sum(sinc(x)); });
  const auto second = grad([&](const Array& x) { return sum(first(x)); });
  const auto third = grad([&](const Array& x) { return sum(second(x)); });
  EXPECT_EQ(first(number(0.0)).item(), 0);
  EXPECT_NEAR(second(number(0.0)).item(), -pi2 / 3, 1e-14);
  EXPECT_EQ(third(number(0.0)).item(), 0);
  for (const double x : {1e-200, 1e-9, -1e-5, 1e-3}) {
    const double slope = -pi2 * x / 3 + pi2 * pi2 * x * x * x / 30;
    EXPECT_NEAR(first(number(x)).item() / slope, 1, 1e-9) << x;
    EXPECT_NEAR(third(number(x)).item() / (pi2 * pi2 * x / 5), 1, 1e-5) << x;
  }
  // On both sides of where the series ends.
  EXPECT_NEAR(second(number(0.5 - 1e-9)).item(), second(number(0.5 + 1e-9)).item(), 1e-7);
}

}  // namespace
}  // namespace plugrad

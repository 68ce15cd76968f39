// Special functions: where results are tiny, at poles, far out, and by the identities that define them.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 nan = std::numeric_limits<double>::quiet_NaN();

class SpecialFunctions : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, SpecialFunctions, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

using Function = std::function<Array(const Array&)>;

double value(const Function& f, double x) { return f(Array::from_data<double>({x}, {1}))[0].item(); }
float value(const Function& f, float x) { return f(Array::from_data<float>({x}, {1}))[0].item<float>(); }

void expect_near(double got, double expected, double relative) {
  if (std::isnan(expected)) EXPECT_TRUE(std::isnan(got)) << got;
  else if (std::isinf(expected)) EXPECT_EQ(got, expected);
  else EXPECT_NEAR(got, expected, relative * std::abs(expected));
}

// ---- erf, erfc ----

TEST_P(SpecialFunctions, ErfcKeepsItsDigitsWhereItIsTiny) {
  for (double x = 0.5; x < 26; x += 0.37) expect_near(value(erfc, x), std::erfc(x), 2e-14);
  for (float x = 0.5F; x < 9.1F; x += 0.37F) expect_near(value(erfc, x), std::erfc(double{x}), 1e-6);
}

TEST_P(SpecialFunctions, ErfKeepsItsDigitsNearZero) {
  for (const double x : {1e-300, -1e-20, 1e-3}) expect_near(value(erf, x), std::erf(x), 1e-15);
  for (const float x : {1e-30F, -1e-10F, 1e-3F}) expect_near(value(erf, x), std::erf(double{x}), 3e-7);
}

TEST_P(SpecialFunctions, GradientOfErfcVanishesFarOut) {
  const Array dx = grad([](const Array& x) { return sum(erfc(x)); })(
      Array::from_data<double>({-infinity, -50, 50, infinity, nan}, {5}));
  for (const int64_t i : {0, 1, 2, 3}) EXPECT_EQ(dx[i].item(), 0);
  EXPECT_TRUE(std::isnan(dx[4].item()));
}

// ---- lgamma, digamma, polygamma ----

Function polygamma_of(int64_t order) {
  return [order](const Array& x) { return polygamma(order, x); };
}

TEST_P(SpecialFunctions, PolesAreSciPys) {
  for (const double x : {0.0, -0.0, -1.0, -7.0, -1e20}) {
    EXPECT_EQ(value(lgamma, x), infinity) << x;
    EXPECT_EQ(value(polygamma_of(1), x), infinity) << x;
    EXPECT_EQ(value(polygamma_of(2), x), -infinity) << x;
    EXPECT_EQ(value(polygamma_of(5), x), infinity) << x;
  }
  EXPECT_EQ(value(digamma, 0.0), -infinity);
  EXPECT_EQ(value(digamma, -0.0), infinity);
  for (const double x : {-1.0, -7.0, -1e20}) EXPECT_TRUE(std::isnan(value(digamma, x))) << x;
}

TEST_P(SpecialFunctions, AtInfinity) {
  EXPECT_EQ(value(lgamma, infinity), infinity);
  EXPECT_EQ(value(lgamma, -infinity), infinity);
  EXPECT_EQ(value(digamma, infinity), infinity);
  EXPECT_TRUE(std::isnan(value(digamma, -infinity)));
  EXPECT_EQ(value(polygamma_of(1), infinity), 0);
  EXPECT_EQ(value(polygamma_of(2), infinity), 0);
  EXPECT_EQ(value(polygamma_of(1), -infinity), infinity);
  EXPECT_TRUE(std::isnan(value(polygamma_of(3), nan)));
}

// By mpmath, in 50 digits.
TEST_P(SpecialFunctions, DigammaFarOut) {
  expect_near(value(digamma, 1e-200), -1e200, 1e-14);
  expect_near(value(digamma, 1e10), 23.025850929890456840, 1e-14);
  expect_near(value(digamma, -1e6 + 0.25), 10.673918154374491282, 1e-14);
}

TEST_P(SpecialFunctions, PolygammaFarOut) {
  expect_near(value(polygamma_of(1), 1e160), 1e-160, 1e-12);
  expect_near(value(polygamma_of(1), 1e-100), 1e200, 1e-12);
  expect_near(value(polygamma_of(3), 1e20), 2e-60, 1e-12);
  EXPECT_EQ(value(polygamma_of(1), 1e-200), infinity);
}

// psi_n(x + 1) = psi_n(x) + (-1)^n n! / x^(n + 1), at either side of 0.
TEST_P(SpecialFunctions, PolygammaRecurs) {
  for (const int64_t order : {1, 2, 3, 4, 7, 10, 15, 30})
    for (const double x : {0.125, 0.75, 1.5, 6.25, 9.5, 19.875, -0.375, -0.875, -3.25, -12.75}) {
      const double n = static_cast<double>(order);
      const double step = (order % 2 ? -1 : 1) * std::tgamma(n + 1) / std::pow(x, n + 1);
      const double here = value(polygamma_of(order), x), next = value(polygamma_of(order), x + 1);
      EXPECT_NEAR(next, here + step, 1e-11 * std::max(std::abs(here), std::abs(step)))
          << "order " << order << " at " << x;
    }
}

// psi_n(1/2) = (-1)^(n + 1) n! (2^(n + 1) - 1) zeta(n + 1), which is about 1 for large n.
TEST_P(SpecialFunctions, PolygammaOfLargeOrders) {
  for (const int64_t order : {60, 100, 150}) {
    const double n = static_cast<double>(order);
    const double expected = (order % 2 ? 1 : -1) * std::tgamma(n + 1) * (std::exp2(n + 1) - 1);
    expect_near(value(polygamma_of(order), 0.5), expected, 1e-11);
  }
}

TEST_P(SpecialFunctions, PolygammaInFloat32) {
  for (const int64_t order : {1, 2, 5, 10})
    for (const float x : {0.1F, 1.F, 7.5F, 60.F, -0.7F, -4.2F})
      expect_near(value(polygamma_of(order), x), value(polygamma_of(order), double{x}), 1e-6);
}

TEST_P(SpecialFunctions, PolygammaWantsAnOrderOfAtLeastOne) {
  for (const int64_t order : {0, -2}) try {
      polygamma(order, ones({2, 3}));
      ADD_FAILURE() << "order " << order << " was accepted";
    } catch (const ShapeError& e) {
      const std::string text = e.what();
      EXPECT_EQ(text.find("polygamma: needs an order of at least 1; got " + std::to_string(order)), 0)
          << text;
    }
}

TEST_P(SpecialFunctions, DerivativesAreEachOthers) {
  const Array x = Array::from_data<double>({0.3, 2.5, -1.3, 14}, {4});
  Function f = [](const Array& v) { return sum(lgamma(v)); };
  for (int64_t order = 0; order <= 3; ++order) {
    const Function g = grad(f);
    const Array got = g(x), expected = order == 0 ? digamma(x) : polygamma(order, x);
    for (const int64_t i : {0, 1, 2, 3}) expect_near(got[i].item(), expected[i].item(), 1e-12);
    f = [g](const Array& v) { return sum(g(v)); };
  }
}

}  // namespace
}  // namespace plugrad

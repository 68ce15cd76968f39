// floor_divide and remainder are Python's // and %, and integers divided by zero give 0.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class Division : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Division, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

Array number(double x) { return full({}, x, float64); }

template <class T>
Array vector_of(const std::vector<T>& values) {
  return Array::from_data<T>(values, Shape{static_cast<int64_t>(values.size())});
}

template <class T>
void check_integers() {
  const T least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
  const Array x = vector_of<T>({7, -7, 7, -7, 6, -6, 0, 5, -5, least, least, most, least, most});
  const Array y = vector_of<T>({3, 3, -3, -3, 3, 3, 5, 0, 0, -1, 1, -1, most, least});
  EXPECT_EQ(floor_divide(x, y).to_vector<T>(),
            (std::vector<T>{2, -3, -3, 2, 2, -2, 0, 0, 0, least, least, -most, -2, -1}));
  EXPECT_EQ(remainder(x, y).to_vector<T>(),
            (std::vector<T>{1, 2, -2, -1, 0, 0, 0, 0, 0, 0, 0, 0, most - 1, -1}));
}
TEST_P(Division, OfIntegersRoundsDown) {
  check_integers<int32_t>();
  check_integers<int64_t>();
}

// Pairs whose rest a rounded quotient would get wrong, and Python's answers: (x, y, x // y, x % y).
const std::vector<std::array<double, 4>> python = {{7, 3, 2, 1},
                                                   {-7, 3, -3, 2},
                                                   {7, -3, -3, -2},
                                                   {-7, -3, 2, -1},
                                                   {5.5, -2, -3, -0.5},
                                                   {0.3, 0.1, 2, 0.09999999999999998},
                                                   {1, 0.1, 9, 0.09999999999999995},
                                                   {1e17, 3, 33333333333333332, 1},
                                                   {-1e-20, 1, -1, 1},
                                                   {4.5, HUGE_VAL, 0, 4.5},
                                                   {-4.5, HUGE_VAL, -1, HUGE_VAL},
                                                   {4.5, -HUGE_VAL, -1, -HUGE_VAL}};

TEST_P(Division, OfFloatsIsPythons) {
  for (const auto& [x, y, quotient, rest] : python) {
    EXPECT_EQ(floor_divide(number(x), number(y)).item(), quotient) << x << " // " << y;
    EXPECT_EQ(remainder(number(x), number(y)).item(), rest) << x << " % " << y;
  }
  EXPECT_EQ(floor_divide(number(1.0), number(0.0)).item(), HUGE_VAL);
  EXPECT_TRUE(std::isnan(floor_divide(number(0.0), number(0.0)).item()));
  EXPECT_TRUE(std::isnan(remainder(number(1.0), number(0.0)).item()));
  EXPECT_TRUE(std::isnan(remainder(number(HUGE_VAL), number(1.0)).item()));
}

TEST_P(Division, OfFloat32IsExact) {
  std::vector<float> x, y, quotients, rests;
  for (int i = 0; i < 2000; ++i) {
    x.push_back(static_cast<float>(i - 1000) * 1.7f + 0.01f);
    y.push_back((i % 2 ? -0.37f : 0.11f) * static_cast<float>(i % 17 + 1));
    const double rest = std::fmod(double{x.back()}, double{y.back()});
    rests.push_back(
        static_cast<float>(rest != 0 && (rest < 0) != (y.back() < 0) ? rest + double{y.back()} : rest));
    quotients.push_back(static_cast<float>(std::floor(double{x.back()} / double{y.back()})));
  }
  EXPECT_EQ(floor_divide(vector_of(x), vector_of(y)).to_vector<float>(), quotients);
  EXPECT_EQ((vector_of(x) % vector_of(y)).to_vector<float>(), rests);
}

TEST_P(Division, ZerosHaveTheSignThatPythonGivesThem) {
  EXPECT_FALSE(std::signbit(remainder(number(-6.0), number(3.0)).item()));
  EXPECT_TRUE(std::signbit(remainder(number(6.0), number(-3.0)).item()));
  EXPECT_TRUE(std::signbit(floor_divide(number(-0.0), number(3.0)).item()));
}

TEST_P(Division, HasGradients) {
  const Array x = vector_of<double>({7, -7}), y = vector_of<double>({3, 3});
  EXPECT_EQ(grad([&](const Array& a) { return sum(remainder(a, y)); })(x).to_vector<double>(),
            (std::vector<double>{1, 1}));
  EXPECT_EQ(grad([&](const Array& a) { return sum(remainder(x, a)); })(y).to_vector<double>(),
            (std::vector<double>{-2, 3}));
  EXPECT_EQ(grad([&](const Array& a) { return sum(a + floor_divide(a, y)); })(x).to_vector<double>(),
            (std::vector<double>{1, 1}));
}

}  // namespace
}  // namespace plugrad

// Rounding: halves, signs of zero, numbers that have no fraction, integers.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class Rounding : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Rounding, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

using Function = Array (*)(const Array&);

// f(x) is y, zeros with their signs. Nineteen times over, so that vectors and what is left over both come in.
template <class T>
void expect(Function f, std::vector<T> x, const std::vector<T>& y) {
  const size_t n = x.size();
  for (size_t i = n; i < 19 * n; ++i) x.push_back(x[i - n]);
  const Array z = f(Array::from_data(x, Shape{static_cast<int64_t>(x.size())}));
  for (size_t i = 0; i < x.size(); ++i) {
    const T got = z[static_cast<int64_t>(i)].item<T>();
    EXPECT_EQ(got, y[i % n]) << "of " << x[i] << " at " << i;
    if constexpr (std::is_floating_point_v<T>) {
      EXPECT_EQ(std::signbit(got), std::signbit(y[i % n])) << "of " << x[i] << " at " << i;
    }
  }
}

template <class T>
void expect_of_fractions() {
  constexpr T e = std::numeric_limits<T>::epsilon();
  const std::vector<T> x{-2.5, -1.5, -0.5, -0.25, T(-0.0), 0, 0.5 - e / 4, 0.5, 1.5, 2.5, 3 - 2 * e};
  constexpr T none = T(-0.0);
  expect<T>(floor, x, {-3, -2, -1, -1, none, 0, 0, 0, 1, 2, 2});
  expect<T>(ceil, x, {-2, -1, none, none, none, 0, 1, 1, 2, 3, 3});
  expect<T>(round, x, {-2, -2, none, none, none, 0, 0, 0, 2, 2, 3});
  expect<T>(trunc, x, {-2, -1, none, none, none, 0, 0, 0, 1, 2, 2});
}
TEST_P(Rounding, OfHalvesGoesToTheEvenNeighbourAndZeroKeepsItsSign) {
  expect_of_fractions<float>();
  expect_of_fractions<double>();
}

template <class T>
void expect_identity_on(const std::vector<T>& x) {
  for (const Function f : {floor, ceil, round, trunc}) expect<T>(f, x, x);
}
TEST_P(Rounding, LeavesWhatHasNoFraction) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  expect_identity_on<float>({-infinity, infinity, 8388609, -8388609, 16777216, 3e38F});
  expect_identity_on<double>({-infinity, infinity, 4503599627370497., -9007199254740993., 1e300});
  expect_identity_on<int32_t>({-3, 0, std::numeric_limits<int32_t>::max()});
  expect_identity_on<int64_t>({std::numeric_limits<int64_t>::min(), (int64_t{1} << 53) + 1});
}

TEST_P(Rounding, OfHalvesOfLargeOddNumbers) {
  expect<float>(round, {4194304.5F, 4194305.5F, -4194305.5F}, {4194304, 4194306, -4194306});
  expect<double>(round, {2251799813685248.5, 2251799813685249.5}, {2251799813685248, 2251799813685250});
}

TEST_P(Rounding, IsNotDefinedForBool) {
  for (const Function f : {floor, ceil, round, trunc}) EXPECT_THROW(f(zeros({3}, bool_)), DTypeError);
}

TEST_P(Rounding, IsConstant) {
  const Array x = Array::from_data<double>({-1.7, 0.3, 2.6}, {3});
  const Array dx = grad([](const Array& v) { return sum(v * floor(v)); })(x);
  for (const int64_t i : {0, 1, 2}) EXPECT_EQ(dx[i].item(), std::floor(x[i].item()));
}

}  // namespace
}  // namespace plugrad

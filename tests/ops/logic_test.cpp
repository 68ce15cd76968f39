// Logic: what counts as true, operands of different dtypes, kinds of numbers.
#include <gtest/gtest.h>

#include <limits>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 nan = std::numeric_limits<double>::quiet_NaN();

class Logic : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Logic, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

std::string text(const Array& x) {
  EXPECT_EQ(x.dtype(), bool_);
  std::string s;
  for (int64_t i = 0; i < x.size(); ++i) s += x[i].item<bool>() ? '1' : '0';
  return s;
}

template <class T>
Array vector(std::initializer_list<T> x) {
  return Array::from_data<T>(x, Shape{static_cast<int64_t>(x.size())});
}

TEST_P(Logic, WhatIsNotZeroIsTrue) {
  EXPECT_EQ(text(logical_not(vector<double>({nan, infinity, 5e-324, -0.0, 0.0, -1}))), "000110");
  EXPECT_EQ(text(logical_not(vector<float>({1e-45F, -0.0F, 2}))), "010");
  EXPECT_EQ(text(logical_not(vector<int64_t>({int64_t{1} << 40, 0, -1}))), "010");
  EXPECT_EQ(text(logical_not(vector<int32_t>({256, 0}))), "01");
  EXPECT_EQ(text(logical_not(vector<bool>({true, false}))), "01");
}

TEST_P(Logic, ConnectsOperandsOfDifferentDtypes) {
  const Array x = vector<float>({0, 0.25, 0, 0.25}), y = vector<int64_t>({0, 0, int64_t{1} << 40, -1});
  EXPECT_EQ(text(x & y), "0001");
  EXPECT_EQ(text(x | y), "0111");
  EXPECT_EQ(text(x ^ y), "0110");
  EXPECT_EQ(text(logical_and(y, vector<bool>({true, true, false, true}))), "0001");
  EXPECT_EQ(text(logical_xor(vector<int32_t>({256, 512}), vector<int32_t>({1, 0}))), "01");
}

TEST_P(Logic, TellsKindsOfNumbers) {
  for (const DType dtype : {float32, float64}) {
    const Array x = cast(vector<double>({nan, infinity, -infinity, 0, -1e38}), dtype);
    EXPECT_EQ(text(isnan(x)), "10000");
    EXPECT_EQ(text(isinf(x)), "01100");
    EXPECT_EQ(text(isfinite(x)), "00011");
  }
  for (const DType dtype : {int32, int64, bool_}) {
    const Array x = ones({3}, dtype);
    EXPECT_EQ(text(isnan(x)) + text(isinf(x)) + text(isfinite(x)), "000000111");
  }
}

TEST_P(Logic, IsConstant) {
  const Array x = vector<double>({-1, 0, 2});
  const Array dx = grad([](const Array& v) { return sum(v * cast(logical_not(isfinite(v)), float64)); })(x);
  for (const int64_t i : {0, 1, 2}) EXPECT_EQ(dx[i].item(), 0);
}

}  // namespace
}  // namespace plugrad

// all and any: what is true, over many elements, and of nothing.
#include <gtest/gtest.h>

#include <limits>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class Truth : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Truth, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

bool holds(const Array& y) {
  EXPECT_EQ(y.dtype(), bool_);
  return y.item<bool>();
}

TEST_P(Truth, WhatIsNotZeroIsTrue) {
  for (const double truth : {std::numeric_limits<double>::quiet_NaN(), -1.0, 1e-300, 1e300}) {
    EXPECT_TRUE(holds(all(Array::from_data<double>({truth, 1}))));
    EXPECT_TRUE(holds(any(Array::from_data<double>({0, truth}))));
  }
  for (const double zero : {0.0, -0.0}) {
    EXPECT_FALSE(holds(all(Array::from_data<double>({1, zero}))));
    EXPECT_FALSE(holds(any(Array::from_data<double>({0, zero}))));
    EXPECT_FALSE(holds(any(Array::from_data<float>({0, static_cast<float>(zero)}))));
  }
  EXPECT_TRUE(holds(any(Array::from_data<int64_t>({0, int64_t{1} << 40}))));
  EXPECT_TRUE(holds(any(Array::from_data<int32_t>({0, std::numeric_limits<int32_t>::min()}))));
  EXPECT_TRUE(holds(any(Array::from_data<float>({0, 1e-40f}))));
}

// One element that decides, wherever it is.
TEST_P(Truth, OfManyElements) {
  for (const DType dtype : {float32, float64, int32, int64, bool_})
    for (const int64_t at : {0, 1, 1499, 2999}) {
      const Array one_hot =
          concat({zeros({at}, float64), ones({1}, float64), zeros({2999 - at}, float64)}, 0);
      const Array x = cast(one_hot, dtype), opposite = cast(1 - one_hot, dtype);
      EXPECT_TRUE(holds(any(x)));
      EXPECT_FALSE(holds(all(x)));
      EXPECT_TRUE(holds(any(opposite)));
      EXPECT_FALSE(holds(all(opposite)));
      EXPECT_FALSE(holds(any(cast(0 * one_hot, dtype))));
      EXPECT_TRUE(holds(all(cast(0 * one_hot + 1, dtype))));
    }
}

TEST_P(Truth, OfNothing) {
  EXPECT_TRUE(holds(all(zeros({0}))));
  EXPECT_FALSE(holds(any(zeros({0}))));
  EXPECT_EQ(to_string(all(zeros({2, 0}), 1)), to_string(Array::from_data<bool>({true, true})));
  EXPECT_EQ(to_string(any(zeros({2, 0}), 1)), to_string(Array::from_data<bool>({false, false})));
}

}  // namespace
}  // namespace plugrad

// clamp: which bounds it takes, of integers too, and its gradient at them.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "plugrad/core/dispatch.h"
#include "plugrad/core/registry.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class Clamp : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Clamp, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const ShapeError& e) {
    return e.what();
  }
  return "no ShapeError";
}

TEST_P(Clamp, RefusesBoundsThatLeaveNothing) {
  const Array x = Array::from_data<float>({1, 2}, {2});
  EXPECT_TRUE(message_of([&] {
                clamp(cast(x, int32), 3e9, HUGE_VAL);
              }).starts_with("clamp: no int32 lies between low 3"));
  EXPECT_TRUE(message_of([&] {
                clamp(cast(x, int64), -HUGE_VAL, -1e19);
              }).starts_with("clamp: no int64 lies between low -inf"));
  const std::string message = message_of([&] { clamp(x, 3, 2); });
  EXPECT_TRUE(message.starts_with("clamp: needs low <= high, not low 3 and high 2")) << message;
  EXPECT_NE(message.find("[2]"), std::string::npos) << message;
  EXPECT_THROW(clamp(x, std::nan(""), 2), ShapeError);
  EXPECT_THROW(clamp(x, 0, std::nan("")), ShapeError);
}

TEST_P(Clamp, LetsNaNThrough) {
  const std::vector<float> y =
      clamp(Array::from_data<float>({NAN, -HUGE_VALF, HUGE_VALF, 0.25f}, {4}), -1, 0.5).to_vector<float>();
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ((std::vector<float>{y.begin() + 1, y.end()}), (std::vector<float>{-1, 0.5f, 0.25f}));
}

TEST_P(Clamp, KeepsIntegersWhereTheBoundsAreWhole) {
  constexpr int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  const Array x = Array::from_data<int64_t>({least, -5, 0, 5, most}, {5});
  EXPECT_EQ(clamp(x, -2, 3).to_vector<int64_t>(), (std::vector<int64_t>{-2, -2, 0, 3, 3}));
  EXPECT_EQ(clamp(x, -HUGE_VAL, HUGE_VAL).to_vector<int64_t>(), x.to_vector<int64_t>());
  EXPECT_EQ(clamp(x, -1e300, 1e300).to_vector<int64_t>(), x.to_vector<int64_t>());
  EXPECT_EQ(clamp(cast(x, int32), -1e12, 3)[3].item<int>(), 3);
  EXPECT_EQ(clamp(x, 0, 1).dtype(), int64);
}

// What a backend without the kernel computes.
TEST_P(Clamp, IsComposedOfIntegersToo) {
  const std::vector<std::array<double, 2>> bounds = {
      {-2, 3}, {-HUGE_VAL, 1e300}, {-1e300, 0}, {-HUGE_VAL, HUGE_VAL}};
  const Array x =
      Array::from_data<int64_t>({std::numeric_limits<int64_t>::min(), -5, 0, 5, int64_t{1} << 60}, {5});
  for (const DType dtype : {int32, int64})
    for (const auto& [low, high] : bounds) {
      const Array in = cast(x, dtype);
      const ArrayRef ref = in;
      const Value attributes[] = {low, high};
      Array out;
      get_op("clamp").schema->composition(Composition(&ref, 1, attributes, &out));
      EXPECT_EQ(out.dtype(), dtype);
      EXPECT_EQ(cast(out, int64).to_vector<int64_t>(), cast(clamp(in, low, high), int64).to_vector<int64_t>())
          << low << ", " << high;
    }
}

TEST_P(Clamp, RefusesFractionsBesideIntegersWhereItMayNotCast) {
  const Array in = Array::from_data<int32_t>({1}, {1});
  const ArrayRef ref = in;
  const Value attributes[] = {0.5, 2.0};
  Array out;
  const std::string message =
      message_of([&] { dispatch(get_op("clamp"), &ref, 1, attributes, 2, &out, 1, default_device()); });
  EXPECT_TRUE(message.starts_with("clamp: needs whole numbers as bounds of integers, not low 0.5 and high 2"))
      << message;
}

TEST_P(Clamp, MakesFloatsOfIntegersWhereABoundIsAFraction) {
  const Array y = clamp(Array::from_data<int32_t>({-5, 1, 5}, {3}), -0.5, 2.5);
  EXPECT_EQ(y.dtype(), float32);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{-0.5f, 1, 2.5f}));
}

TEST_P(Clamp, HasAGradientAtTheBounds) {
  // 0.1 as float32 is above 0.1: bounds are rounded to x's dtype.
  const Array x = Array::from_data<float>({-2, -1, 0, 0.1f, 0.2f, NAN}, {6});
  EXPECT_EQ(grad([](const Array& a) { return sum(clamp(a, -1, 0.1)); })(x).to_vector<float>(),
            (std::vector<float>{0, 1, 1, 1, 0, 0}));
}

}  // namespace
}  // namespace plugrad

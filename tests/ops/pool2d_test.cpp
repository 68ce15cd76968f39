// Pooling: what padding counts for, gradients of gradients, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/nn/gradcheck.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using tests::message_of;

class Pool2dOp : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }

  Array random(const Shape& shape) { return uniform(shape, -1, 1, generator_, float64); }
  Generator generator_{7};
};
INSTANTIATE_TEST_SUITE_P(Backends, Pool2dOp, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

// 1 2 / 3 4
Array small() { return Array::from_data<double>({1, 2, 3, 4}, Shape{1, 1, 2, 2}); }

TEST_P(Pool2dOp, StrideIsTheKernelWhereNoneIsNamed) {
  EXPECT_EQ(to_string(avg_pool2d(random({1, 2, 7, 7}), {2, 3}).shape()), "[1, 2, 3, 2]");
  EXPECT_EQ(to_string(max_pool2d(random({1, 2, 7, 7}), {2, 3}).shape()), "[1, 2, 3, 2]");
}

TEST_P(Pool2dOp, PaddingCountsForTheMeanOrNot) {
  const Pool2dOptions padded{.padding = {1, 1}};
  EXPECT_THAT(avg_pool2d(small(), {2, 2}, padded).to_vector<double>(), ElementsAre(0.25, 0.5, 0.75, 1));
  EXPECT_THAT(avg_pool2d(small(), {2, 2}, padded, false).to_vector<double>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(avg_pool2d(small(), 2).to_vector<double>(), ElementsAre(2.5));
}

TEST_P(Pool2dOp, InfinityAndNanStayInTheirWindows) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Array x = Array::from_data<double>({infinity, 1, 2, 3, std::nan(""), 1, 5, 7}, Shape{1, 1, 1, 8});
  const std::vector<double> mean = avg_pool2d(x, {1, 2}).to_vector<double>();
  EXPECT_EQ(mean[0], infinity);
  EXPECT_EQ(mean[1], 2.5);
  EXPECT_TRUE(std::isnan(mean[2]));
  EXPECT_EQ(mean[3], 6);
}

TEST_P(Pool2dOp, GradientPenaltyHasAGradient) {
  PLUGRAD_NEEDS_HOST_MEMORY();
  const auto check = [&](auto pool) {
    const auto penalty = [&](const Array& x) {
      const Array g = grad([&](const Array& at) { return sum(exp(pool(at))); })(x);
      return sum(g * g);
    };
    EXPECT_LT(gradcheck(penalty, random({2, 2, 5, 4}), 30, 1).worst, 1e-6);
  };
  const Pool2dOptions options{.stride = {1, 2}, .padding = {1, 0}};
  check([&](const Array& x) { return max_pool2d(x, {3, 2}, options); });
  check([&](const Array& x) { return avg_pool2d(x, {3, 2}, options); });
  check([&](const Array& x) { return avg_pool2d(x, {3, 2}, options, false); });
}

TEST_P(Pool2dOp, RefusesWhatDoesNotFit) {
  const auto check = [](const std::string& name, auto pool) {
    const auto error = [&](const Shape& x, std::array<int64_t, 2> kernel, const Pool2dOptions& options = {}) {
      return message_of<ShapeError>([&] { pool(zeros(x), kernel, options); });
    };
    const Shape x{1, 2, 4, 4};
    EXPECT_THAT(error({2, 4, 4}, {2, 2}), AllOf(StartsWith(name + ": needs 4 axes"), HasSubstr("[2, 4, 4]")));
    EXPECT_THAT(error(x, {5, 2}), StartsWith(name + ": a window of 5 does not fit into 4 with padding 0"));
    EXPECT_THAT(error(x, {0, 2}, {.stride = {1, 1}}), HasSubstr("kernel 0"));
    EXPECT_THAT(error(x, {2, 2}, {.stride = {1, -1}}), HasSubstr("stride -1"));
    EXPECT_THAT(error(x, {2, 2}, {.padding = {-1, 0}}), HasSubstr("padding -1"));
    EXPECT_THAT(error(x, {2, 3}, {.padding = {1, 2}}),
                StartsWith(name + ": needs padding of at most half the kernel, not 2 for 3"));
    EXPECT_THAT(error({1, 2, 0, 4}, {2, 2}, {.padding = {1, 0}}),
                HasSubstr("at least one element along each axis"));
  };
  check("max_pool2d", [](const Array& x, auto kernel, const Pool2dOptions& o) { max_pool2d(x, kernel, o); });
  check("avg_pool2d", [](const Array& x, auto kernel, const Pool2dOptions& o) { avg_pool2d(x, kernel, o); });
}

}  // namespace
}  // namespace plugrad

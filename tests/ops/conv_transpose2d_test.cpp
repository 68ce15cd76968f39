// The transpose of convolution: that it is one, gradients of gradients, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugrad/nn/gradcheck.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using tests::message_of;

class ConvTranspose2dOp : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }

  Array random(const Shape& shape) { return uniform(shape, -1, 1, generator_, float64); }
  Generator generator_{7};
};
INSTANTIATE_TEST_SUITE_P(Backends, ConvTranspose2dOp, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

struct Case {
  Shape x, weight, y;
  ConvTranspose2dOptions options;
};
const Case cases[] = {
    {{2, 3, 3, 4}, {3, 2, 2, 3}, {2, 2, 4, 6}, {}},
    {{2, 3, 3, 2},
     {3, 2, 3, 2},
     {2, 2, 7, 6},
     {.stride = {2, 3}, .padding = {0, 1}, .output_padding = {0, 2}, .dilation = {1, 2}}},
    {{1, 4, 3, 3},
     {4, 3, 2, 2},
     {1, 6, 5, 4},
     {.stride = {2, 1}, .padding = {1, 0}, .output_padding = {1, 0}, .groups = 2}},
    {{1, 2, 3, 3}, {2, 2, 2, 2}, {1, 2, 8, 6}, {.output_padding = {2, 1}, .dilation = {3, 2}}}};

TEST_P(ConvTranspose2dOp, IsTheTransposeOfConv2d) {
  for (const Case& c : cases) {
    const Array x = random(c.x), weight = random(c.weight), z = random(c.y);
    const Array y = conv_transpose2d(x, weight, c.options);
    ASSERT_EQ(to_string(y.shape()), to_string(c.y));
    Array back = conv2d(z, weight,
                        {.stride = c.options.stride,
                         .padding = c.options.padding,
                         .dilation = c.options.dilation,
                         .groups = c.options.groups});
    for (int k = 2; k < 4; ++k) back = slice(back, k, 0, c.x[k]);
    EXPECT_NEAR(sum(y * z).item(), sum(x * back).item(), 1e-12);
  }
}

TEST_P(ConvTranspose2dOp, GradientPenaltyHasAGradient) {
  PLUGRAD_NEEDS_HOST_MEMORY();
  for (const Case& c : cases) {
    const auto penalty = [&](const Array& weight, const Array& x) {
      const Array g =
          grad([&](const Array& at) { return sum(tanh(conv_transpose2d(at, weight, c.options))); })(x);
      return sum(g * g);
    };
    const Array x = random(c.x), weight = random(c.weight);
    EXPECT_LT(gradcheck(penalty, weight, 30, 1, x).worst, 1e-6);
    EXPECT_LT(
        gradcheck([&](const Array& at, const Array& w) { return penalty(w, at); }, x, 30, 2, weight).worst,
        1e-6);
  }
}

TEST_P(ConvTranspose2dOp, RefusesWhatDoesNotFit) {
  const auto error = [](const Shape& x, const Shape& weight, const ConvTranspose2dOptions& options = {}) {
    return message_of<ShapeError>([&] { conv_transpose2d(zeros(x), zeros(weight), options); });
  };
  const Shape x{1, 4, 3, 3}, weight{4, 2, 2, 2};
  EXPECT_THAT(error({4, 3, 3}, weight), AllOf(StartsWith("conv_transpose2d: needs 4 axes each"),
                                              HasSubstr("[4, 3, 3] and [4, 2, 2, 2]")));
  EXPECT_THAT(error(x, {3, 2, 2, 2}), StartsWith("conv_transpose2d: needs filters for 4 channels, not 3"));
  EXPECT_THAT(error(x, weight, {.groups = 3}),
              StartsWith("conv_transpose2d: 3 groups do not divide 4 input"));
  EXPECT_THAT(error(x, weight, {.groups = 0}), StartsWith("conv_transpose2d: cannot have 0 groups"));
  EXPECT_THAT(error(x, weight, {.stride = {0, 1}}), HasSubstr("stride 0"));
  EXPECT_THAT(error(x, weight, {.padding = {1, -2}}), HasSubstr("padding -2"));
  EXPECT_THAT(error(x, weight, {.dilation = {1, 0}}), HasSubstr("dilation 0"));
  EXPECT_THAT(error(x, weight, {.padding = {2, 2}}),
              StartsWith("conv_transpose2d: the output would have length 0 along axis 2"));
  EXPECT_THAT(error({1, 4, 3, 0}, weight), HasSubstr("at least one element along each axis"));
}

TEST_P(ConvTranspose2dOp, RefusesOutputPaddingThatReachesStrideAndDilation) {
  const auto run = [](const ConvTranspose2dOptions& options) {
    conv_transpose2d(zeros({1, 1, 3, 3}), zeros({1, 1, 2, 2}), options);
  };
  EXPECT_THAT(
      message_of<ShapeError>([&] {
        run({.stride = {2, 2}, .output_padding = {0, 2}});
      }),
      StartsWith("conv_transpose2d: needs output_padding less than stride or dilation, not 2 for 2 and 1"));
  EXPECT_THAT(message_of<ShapeError>([&] {
                run({.output_padding = {1, 0}});
              }),
              HasSubstr("not 1 for 1 and 1"));
  EXPECT_THAT(message_of<ShapeError>([&] {
                run({.stride = {2, 2}, .output_padding = {0, -1}});
              }),
              HasSubstr("not -1 for 2 and 1"));
  EXPECT_NO_THROW(run({.stride = {2, 1}, .output_padding = {1, 1}, .dilation = {1, 2}}));
}

}  // namespace
}  // namespace plugrad

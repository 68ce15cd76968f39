// Convolutions: gradients of gradients, groups, one axis, plans that threads share, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "plugrad/core/dispatch.h"
#include "plugrad/core/registry.h"
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

class Conv2dOp : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }

  Array random(const Shape& shape, DType dtype = float64) { return uniform(shape, -1, 1, generator_, dtype); }
  Generator generator_{7};
};
INSTANTIATE_TEST_SUITE_P(Backends, Conv2dOp, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

double distance(const Array& x, const Array& y) { return max(abs(x - y)).item(); }

struct Case {
  Shape x, weight;
  Conv2dOptions options;
};
const Case cases[] = {{{2, 3, 5, 4}, {4, 3, 3, 2}, {}},
                      {{2, 2, 7, 8}, {3, 2, 3, 3}, {.stride = {2, 3}, .padding = {1, 2}, .dilation = {2, 1}}},
                      {{2, 4, 6, 5}, {6, 2, 3, 2}, {.stride = {2, 1}, .padding = {0, 1}, .groups = 2}},
                      {{2, 3, 5, 5}, {3, 1, 3, 3}, {.padding = {1, 1}, .groups = 3}}};

// ---- gradients of gradients ----

// The squared length of the gradient in x, as a function of the weight and x (Gulrajani et al. 2017).
template <class Convolution>
auto gradient_penalty(Convolution convolution) {
  return [convolution](const Array& weight, const Array& x) {
    const Array g = grad([&](const Array& at) { return sum(tanh(convolution(at, weight))); })(x);
    return sum(g * g);
  };
}

TEST_P(Conv2dOp, GradientPenaltyHasAGradient) {
  PLUGRAD_NEEDS_HOST_MEMORY();
  for (const Case& c : cases) {
    const auto penalty =
        gradient_penalty([&](const Array& x, const Array& weight) { return conv2d(x, weight, c.options); });
    const Array x = random(c.x), weight = random(c.weight);
    const GradcheckResult in_weight = gradcheck(penalty, weight, 30, 1, x);
    EXPECT_LT(in_weight.worst, 1e-6) << in_weight.gradient << " and " << in_weight.difference;
    const GradcheckResult in_x =
        gradcheck([&](const Array& at, const Array& w) { return penalty(w, at); }, x, 30, 2, weight);
    EXPECT_LT(in_x.worst, 1e-6) << in_x.gradient << " and " << in_x.difference;
  }
}

TEST_P(Conv2dOp, HasDerivativesOfThirdOrder) {
  for (const Case& c : cases) {
    const Array x = random(c.x), weight = random(c.weight);
    // t^4 times what it is at 1.
    const auto f = [&](const Array& t) { return sum(square(conv2d(t * x, t * weight, c.options))); };
    const double at_one = f(ones({}, float64)).item();
    EXPECT_NEAR(grad(grad(grad(f)))(ones({}, float64)).item(), 24 * at_one, 1e-9 * at_one);
  }
}

// ---- groups and one axis ----

TEST_P(Conv2dOp, GroupsAreConvolutionsSideBySide) {
  const Array x = random({2, 6, 5, 4}), weight = random({4, 3, 2, 3});
  const Array y = conv2d(x, weight, {.stride = {1, 2}, .padding = {1, 0}, .groups = 2});
  std::vector<Array> parts;
  for (int64_t g = 0; g < 2; ++g)
    parts.push_back(conv2d(slice(x, 1, 3 * g, 3 * g + 3), slice(weight, 0, 2 * g, 2 * g + 2),
                           {.stride = {1, 2}, .padding = {1, 0}}));
  EXPECT_LT(distance(y, concat(parts, 1)), 1e-14);
}

TEST_P(Conv2dOp, OneAxisIsAHeightOfOne) {
  const Array x = random({2, 4, 9}), weight = random({6, 2, 3});
  const Array y = conv1d(x, weight, {.stride = 2, .padding = 1, .dilation = 2, .groups = 2});
  const Array as_images = conv2d(unsqueeze(x, 2), unsqueeze(weight, 2),
                                 {.stride = {1, 2}, .padding = {0, 1}, .dilation = {1, 2}, .groups = 2});
  EXPECT_EQ(to_string(y.shape()), "[2, 6, 4]");
  EXPECT_EQ(distance(y, squeeze(as_images, 2)), 0);
}

// ---- threads ----

TEST_P(Conv2dOp, TheSameBitsAtTheSameThreadCount) {
  const Array x = random({8, 20, 12, 12}, float32), weight = random({32, 20, 5, 5}, float32);
  const auto all = [&] {
    const std::vector<Array> g = grad([](const std::vector<Array>& v) {
      return sum(square(conv2d(v[0], v[1])));
    })(std::vector<Array>{x, weight});
    return std::array{conv2d(x, weight), g[0], g[1]};
  };
  const int before = num_threads();
  set_num_threads(1);
  const auto one = all();
  set_num_threads(2);
  const auto two = all(), two_again = all();
  set_num_threads(1);
  const auto one_again = all();
  set_num_threads(before);
  for (size_t k = 0; k < one.size(); ++k) {
    EXPECT_EQ(distance(one[k], one_again[k]), 0);
    EXPECT_EQ(distance(two[k], two_again[k]), 0);
    EXPECT_LT(distance(one[k], two[k]), 1e-5 * max(abs(one[k])).item());
  }
}

TEST_P(Conv2dOp, ThreadsUseOneShapeAtATime) {
  const Array x = random({2, 16, 11, 10}, float32), weight = random({32, 16, 3, 3}, float32);
  const auto run = [&] { return conv2d(x, weight, {.padding = {1, 1}}); };
  const Array expected = run();
  std::vector<double> worst(4);
  std::vector<std::thread> threads;
  for (double& w : worst)
    threads.emplace_back([&] {
      set_default_device(GetParam());
      for (int i = 0; i < 20; ++i) w = std::max(w, distance(run(), expected));
    });
  for (std::thread& t : threads) t.join();
  EXPECT_THAT(worst, testing::Each(0));
}

// ---- what is refused ----

std::string conv2d_error(const Shape& x, const Shape& weight, const Conv2dOptions& options = {}) {
  return message_of<ShapeError>([&] { conv2d(zeros(x), zeros(weight), options); });
}

TEST_P(Conv2dOp, RefusesWhatDoesNotFit) {
  EXPECT_THAT(conv2d_error({3, 4, 4}, {2, 3, 3, 3}),
              AllOf(StartsWith("conv2d: needs 4 axes each"), HasSubstr("[3, 4, 4] and [2, 3, 3, 3]")));
  EXPECT_THAT(conv2d_error({1, 3, 4, 4}, {2, 2, 3, 3}),
              AllOf(StartsWith("conv2d: needs filters of 3 channels, not 2"), HasSubstr("[2, 2, 3, 3]")));
  EXPECT_THAT(conv2d_error({1, 3, 4, 4}, {2, 3, 3, 5}),
              StartsWith("conv2d: a window of 5 does not fit into 4 with padding 0"));
  EXPECT_THAT(conv2d_error({1, 3, 4, 4}, {2, 3, 3, 3}, {.padding = {1, 0}, .dilation = {3, 1}}),
              StartsWith("conv2d: a window of 7 does not fit into 4 with padding 1"));
  EXPECT_THAT(conv2d_error({1, 3, 0, 4}, {2, 3, 1, 1}, {.padding = {1, 0}}),
              StartsWith("conv2d: needs images with at least one element along each axis"));
}

TEST_P(Conv2dOp, RefusesGroupsThatDoNotDivide) {
  EXPECT_THAT(conv2d_error({1, 3, 4, 4}, {4, 3, 3, 3}, {.groups = 2}),
              StartsWith("conv2d: 2 groups do not divide 3 input channels"));
  EXPECT_THAT(conv2d_error({1, 4, 4, 4}, {3, 2, 3, 3}, {.groups = 2}),
              StartsWith("conv2d: 2 groups do not divide 3 filters"));
  EXPECT_THAT(conv2d_error({1, 4, 4, 4}, {4, 4, 3, 3}, {.groups = 2}),
              StartsWith("conv2d: needs filters of 2 channels, not 4"));
  EXPECT_THAT(conv2d_error({1, 4, 4, 4}, {4, 4, 3, 3}, {.groups = 0}),
              StartsWith("conv2d: cannot have 0 groups"));
  EXPECT_THAT(conv2d_error({1, 4, 4, 4}, {4, 4, 3, 3}, {.groups = -2}),
              StartsWith("conv2d: cannot have -2 groups"));
}

TEST_P(Conv2dOp, RefusesNumbersThatAreNoWindows) {
  const auto error = [](const Conv2dOptions& options, const Shape& weight = {2, 3, 3, 3}) {
    return conv2d_error({1, 3, 4, 4}, weight, options);
  };
  EXPECT_THAT(error({.stride = {1, 0}}),
              StartsWith("conv2d: cannot have kernel 3, stride 0, padding 0, dilation 1"));
  EXPECT_THAT(error({.stride = {-1, 1}}), HasSubstr("stride -1"));
  EXPECT_THAT(error({.padding = {0, -1}}), HasSubstr("padding -1"));
  EXPECT_THAT(error({.dilation = {0, 1}}), HasSubstr("dilation 0"));
  EXPECT_THAT(error({}, {2, 3, 0, 3}), HasSubstr("kernel 0"));
  EXPECT_THAT(error({.padding = {int64_t{1} << 40, 0}}), HasSubstr("padding 1099511627776"));
}

TEST_P(Conv2dOp, RefusesAttributesForAnotherNumberOfAxes) {
  const Array x = zeros({1, 1, 4, 4});
  const std::array<ArrayRef, 2> in{x, x};
  const Axes one{1}, two{1, 1};
  const std::array<Value, 4> attributes{two, one, two, Value(1)};
  Array y;
  EXPECT_THAT(message_of<ShapeError>([&] {
                dispatch(*find_op("conv2d"), in.data(), 2, attributes.data(), 4, &y, 1, default_device());
              }),
              StartsWith("conv2d: needs padding for 2 axes, not 1"));
}

TEST_P(Conv2dOp, OneAxisNamesItself) {
  const auto error = [](const Shape& x, const Shape& weight, const Conv1dOptions& options = {}) {
    return message_of<ShapeError>([&] { conv1d(zeros(x), zeros(weight), options); });
  };
  EXPECT_THAT(error({1, 3, 4, 4}, {2, 3, 3, 3}),
              AllOf(StartsWith("conv1d: needs 3 axes each"), HasSubstr("[1, 3, 4, 4] and [2, 3, 3, 3]")));
  EXPECT_THAT(error({1, 3, 8}, {4, 3, 3}, {.groups = 2}),
              AllOf(StartsWith("conv1d: 2 groups do not divide 3 input channels"),
                    HasSubstr("[1, 3, 8] and [4, 3, 3]")));
  EXPECT_THAT(error({1, 3, 8}, {4, 2, 3}), StartsWith("conv1d: needs filters of 3 channels, not 2"));
  EXPECT_THAT(error({1, 3, 8}, {4, 3, 9}), StartsWith("conv1d: a window of 9 does not fit into 8"));
  EXPECT_THAT(error({1, 3, 8}, {4, 3, 3}, {.stride = 0}), HasSubstr("stride 0"));
  EXPECT_THAT(error({1, 3, 8}, {4, 3, 3}, {.padding = -1}), HasSubstr("padding -1"));
  EXPECT_THAT(error({1, 3, 8}, {4, 3, 3}, {.dilation = 0}), HasSubstr("dilation 0"));
  EXPECT_THAT(message_of<DTypeError>([] {
                conv1d(zeros({1, 3, 8}, int32), zeros({4, 3, 3}, int32));
              }),
              StartsWith("conv1d: not defined for int32, int32"));
}

}  // namespace
}  // namespace plugrad

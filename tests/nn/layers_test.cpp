// Layers of convolution: which shapes they take, and that grad sees their parameters.
#include <gtest/gtest.h>

#include "plugrad/nn/initializers.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class Layers : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Layers, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

TEST_P(Layers, Conv2dTakesGroups) {
  const Conv2d layer = initial_conv2d(4, 6, 3, 0, 2);
  const Array x = uniform({2, 4, 5, 5});
  EXPECT_EQ(to_string(layer.w.shape()), "[6, 2, 3, 3]");
  EXPECT_EQ(to_string(layer(x, {.padding = {1, 1}, .groups = 2}).shape()), "[2, 6, 5, 5]");
}

TEST_P(Layers, ConvTranspose2dTakesBackWhatConv2dTook) {
  const Conv2d down{uniform({6, 2, 3, 3}), zeros({6})};
  const ConvTranspose2d up = initial_conv_transpose2d(6, 4, 3, 0, 2);
  const Array x = uniform({2, 4, 8, 8});
  const Array y = down(x, {.stride = {2, 2}, .padding = {1, 1}, .groups = 2});
  const Array back = up(y, {.stride = {2, 2}, .padding = {1, 1}, .output_padding = {1, 1}, .groups = 2});
  EXPECT_EQ(to_string(y.shape()), "[2, 6, 4, 4]");
  EXPECT_EQ(to_string(back.shape()), to_string(x.shape()));
}

TEST_P(Layers, BiasIsAddedToEachChannel) {
  ConvTranspose2d layer{zeros({2, 3, 2, 2}), Array::from_data<float>({1, 2, 3}, Shape{3})};
  const Array x = uniform({1, 2, 2, 2});
  EXPECT_EQ(layer(x).to_vector<float>(), (zeros({3, 3, 3}) + reshape(layer.b, {3, 1, 1})).to_vector<float>());
  const ConvTranspose2d g = grad([&](const ConvTranspose2d& l) { return sum(l(x)); })(layer);
  EXPECT_EQ(g.b.to_vector<float>(), (std::vector<float>{9, 9, 9}));
  EXPECT_EQ(to_string(g.w.shape()), to_string(layer.w.shape()));
}

}  // namespace
}  // namespace plugrad

// Normalisations: what they normalise over, precision far from 0, and shapes that do not fit.
#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

class Normalization : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Normalization, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

double largest(const Array& x) { return max(abs(x)).item(); }
double distance(const Array& x, const Array& y) { return largest(x - y); }

// Standard deviation 1 around 1000: squares of float32 would lose all of it.
TEST_P(Normalization, IsPreciseFarFromZero) {
  set_seed(2);
  const Array deviation = normal({8, 6, 50}), x = deviation + 1000;
  const Array exact = cast(x, float64), one = ones({6}), zero = zeros({6});
  const BatchNormResult batch = batch_norm(x, one, zero), wide = batch_norm(exact, one, zero);
  EXPECT_LT(distance(batch.y, wide.y), 2e-4);
  EXPECT_LT(distance(batch.mean, wide.mean), 2e-4);
  EXPECT_LT(distance(batch.var, wide.var), 1e-5);
  EXPECT_LT(distance(batch_norm_inference(x, one, zero, batch.mean, batch.var), wide.y), 2e-4);
  EXPECT_LT(distance(group_norm(x, 2, one, zero), group_norm(exact, 2, one, zero)), 2e-4);
  const Array w = ones({50}), b = zeros({50});
  EXPECT_LT(distance(layer_norm(x, w, b), layer_norm(exact, w, b)), 2e-4);
  const Array columns = transpose(reshape(x, Shape{6, 400}));  // neighbours in memory of different channels
  EXPECT_LT(
      distance(batch_norm(copy(columns), one, zero).var, batch_norm(cast(columns, float64), one, zero).var),
      1e-5);
}

TEST_P(Normalization, BatchNormIsOverAllAxesButTheSecond) {
  set_seed(3);
  const Array x = normal({4, 3, 5}, 2, 3, default_generator(), float64);
  const auto [y, mean, var] = batch_norm(x, ones({3}), zeros({3}), 0);
  const Axes axes{0, 2};
  EXPECT_LT(distance(mean, plugrad::mean(x, axes)), 1e-12);
  EXPECT_LT(distance(var, plugrad::mean(square(x), axes) - square(mean)), 1e-12);
  EXPECT_LT(largest(plugrad::mean(y, axes)), 1e-12);
  EXPECT_LT(largest(plugrad::mean(square(y), axes) - 1), 1e-12);
  EXPECT_LT(distance(batch_norm_inference(x, ones({3}), zeros({3}), mean, var, 0), y), 1e-12);
}

TEST_P(Normalization, GroupsOfOneAndOfAll) {
  set_seed(4);
  const Array x = normal({2, 4, 3}, 1, 2, default_generator(), float64), w = ones({4}), b = zeros({4});
  const Array rows = ones({12}), no_bias = zeros({12});
  EXPECT_LT(distance(reshape(group_norm(x, 1, w, b), Shape{2, 12}),
                     layer_norm(reshape(x, Shape{2, 12}), rows, no_bias)),
            1e-12);
  EXPECT_LT(distance(group_norm(x, 4, w, b), layer_norm(x, ones({3}), zeros({3}))), 1e-12);
}

TEST_P(Normalization, RmsNormDoesNotCentre) {
  const Array x = Array::from_data<double>({3, 4, 0, 0}, {2, 2});
  const Array y = rms_norm(x, Array::from_data<double>({1, 10}), 0.5);
  const double r = 1 / std::sqrt(12.5 + 0.5);
  EXPECT_NEAR(y[0][0].item(), 3 * r, 1e-14);
  EXPECT_NEAR(y[0][1].item(), 40 * r, 1e-14);
  EXPECT_EQ(y[1].to_vector<double>(), (std::vector<double>{0, 0}));
}

TEST_P(Normalization, ConstantsBecomeTheBias) {
  const Array x = full({3, 4}, 7), b = Array::from_data<float>({1, 2, 3, 4});
  for (const Array& y :
       {layer_norm(x, ones({4}), b), batch_norm(x, ones({4}), b).y, group_norm(x, 2, ones({4}), b)})
    EXPECT_EQ(y[1].to_vector<float>(), (std::vector<float>{1, 2, 3, 4}));
}

TEST_P(Normalization, OfNoElements) {
  const auto [y, mean, var] = batch_norm(zeros({0, 2}), ones({2}), zeros({2}));
  EXPECT_EQ(y.shape(), (Shape{0, 2}));
  for (const Array& a : {mean, var})
    for (const float v : a.to_vector<float>()) EXPECT_TRUE(std::isnan(v));
  const auto total = [](const std::pair<Array, Array>& w) {
    return sum(batch_norm(zeros({0, 2}), w.first, w.second).y);
  };
  const auto [dw, db] = grad(total)(std::pair{ones({2}), zeros({2})});
  EXPECT_EQ(dw.to_vector<float>(), (std::vector<float>{0, 0}));
  EXPECT_EQ(db.to_vector<float>(), (std::vector<float>{0, 0}));
}

TEST_P(Normalization, ShapesThatDoNotFitAreRefused) {
  const auto text = [](auto f) { return tests::message_of<ShapeError>(f); };
  const Array x = zeros({2, 6, 4}), six = ones({6}), four = ones({4});
  EXPECT_EQ(
      text([&] { layer_norm(x, six, six); }),
      "layer_norm: needs a weight of the shape of the first operand's trailing axes, at least one for shape "
      "[2, 6, 4] and [6] and [6]");
  EXPECT_THROW(layer_norm(x, ones({1, 2, 6, 4}), ones({1, 2, 6, 4})), ShapeError);
  EXPECT_THROW(layer_norm(x, ones({}), ones({})), ShapeError);
  EXPECT_EQ(text([&] { layer_norm(x, four, six); }),
            "layer_norm: needs a bias of the weight's shape for shape [2, 6, 4] and [4] and [6]");
  EXPECT_EQ(
      text([&] { rms_norm(x, six); }),
      "rms_norm: needs a weight of the shape of the first operand's trailing axes, at least one for shape "
      "[2, 6, 4] and [6]");
  EXPECT_EQ(text([&] { group_norm(x, 4, six, six); }),
            "group_norm: 6 channels are not divided by 4 groups for shape [2, 6, 4] and [6] and [6]");
  for (const int64_t groups : {0, -2, 12})
    EXPECT_THROW(group_norm(x, groups, six, six), ShapeError) << groups;
  EXPECT_EQ(
      text([&] { group_norm(x, 2, four, six); }),
      "group_norm: needs weight and bias of one number for each channel for shape [2, 6, 4] and [4] and [6]");
  EXPECT_EQ(
      text([&] { group_norm(six, 2, six, six); }),
      "group_norm: needs at least two axes, the second being the channels for shape [6] and [6] and [6]");
  EXPECT_EQ(
      text([&] { batch_norm(six, six, six); }),
      "batch_norm: needs at least two axes, the second being the channels for shape [6] and [6] and [6]");
  EXPECT_EQ(
      text([&] { batch_norm(x, six, four); }),
      "batch_norm: needs one number for each channel in all operands but the first for shape [2, 6, 4] and "
      "[6] and [4]");
  EXPECT_THROW(batch_norm_inference(x, six, six, six, four), ShapeError);
  EXPECT_THROW(batch_norm_inference(x, six, six, reshape(six, Shape{6, 1}), six), ShapeError);
}

}  // namespace
}  // namespace plugrad

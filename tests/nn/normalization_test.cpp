// Layers with a state, and layers that are other while training.
#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/nn/nn.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

double distance(const Array& x, const Array& y) { return max(abs(x - y)).item(); }

TEST(BatchNormLayer, RunningStatisticsFollowTheBatches) {
  set_seed(1);
  const BatchNorm layer = initial_batch_norm(3);
  const Array x = normal({6, 3, 4}, 5, 2);
  const auto [y, mean, var] = batch_norm(x, layer.w, layer.b);
  {
    const TrainingMode on(true);
    EXPECT_EQ(layer(x).to_vector<float>(), y.to_vector<float>());
  }
  const double n = 24;
  EXPECT_LT(distance(layer.mean, 0.1 * mean), 1e-6);
  EXPECT_LT(distance(layer.var, 0.9 + 0.1 * (n / (n - 1)) * var), 1e-6);  // without bias
  const auto before = layer.mean.to_vector<float>();
  EXPECT_LT(distance(layer(x), batch_norm_inference(x, layer.w, layer.b, layer.mean, layer.var)), 1e-6);
  EXPECT_EQ(layer.mean.to_vector<float>(), before);  // evaluation changes nothing
}

TEST(BatchNormLayer, LearnsInsideGradAndItsStatisticsHaveNoGradient) {
  set_seed(2);
  BatchNorm layer = initial_batch_norm(2);
  const Array x = normal({8, 2}, 1, 3);
  const auto loss = [&](const BatchNorm& l) { return mean(square(l(x) - 1)); };
  {
    const TrainingMode on(true);
    const BatchNorm g = grad(loss)(layer);
    EXPECT_NE(g.b[0].item(), 0);
    EXPECT_EQ(g.mean.to_vector<float>(), (std::vector<float>{0, 0}));
    EXPECT_EQ(g.var.to_vector<float>(), (std::vector<float>{0, 0}));
    EXPECT_LT(distance(layer.mean, 0.1 * mean(x, 0)), 1e-6);
    sgd(layer, g, 0.1);
    EXPECT_LT(distance(layer.mean, 0.1 * mean(x, 0)), 1e-6);
  }
  const BatchNorm g = grad(loss)(layer);
  EXPECT_NE(g.w[0].item(), 0);
  EXPECT_EQ(g.mean.to_vector<float>(), (std::vector<float>{0, 0}));
}

TEST(BatchNormLayer, AfterManyBatchesEvaluationIsLikeTraining) {
  set_seed(3);
  const BatchNorm layer = initial_batch_norm(2);
  const Array x = normal({1000, 2}, -4, 0.5);
  Array last;
  {
    const TrainingMode on(true);
    for (int k = 0; k < 200; ++k) last = layer(x);
  }
  EXPECT_LT(distance(layer(x), last), 2e-3);
}

TEST(BatchNormLayer, RefusesBatchesWithoutAVariance) {
  const BatchNorm layer = initial_batch_norm(3);
  const Array one = ones({1, 3});
  EXPECT_EQ(layer(one).shape(), (Shape{1, 3}));
  const TrainingMode on(true);
  EXPECT_EQ(tests::message_of<ShapeError>([&] { layer(one); }),
            "BatchNorm: needs at least two elements for each channel while training, got shape [1, 3]");
  EXPECT_THROW(layer(zeros({0, 3})), ShapeError);
  EXPECT_EQ(layer.mean.to_vector<float>(), (std::vector<float>{0, 0, 0}));
}

TEST(BatchNormLayer, CheckpointsHoldTheRunningStatistics) {
  const tests::TempFolder folder;
  const BatchNorm layer{ones({2}), zeros({2}), full({2}, 3), full({2}, 4)};
  save_parameters(folder / "layer.safetensors", layer);
  BatchNorm loaded = initial_batch_norm(2);
  load_parameters(folder / "layer.safetensors", loaded);
  EXPECT_EQ(loaded.mean.to_vector<float>(), (std::vector<float>{3, 3}));
  EXPECT_EQ(loaded.var.to_vector<float>(), (std::vector<float>{4, 4}));
}

TEST(NormalizationLayers, CallTheirOps) {
  set_seed(4);
  const Array x = normal({3, 4, 5});
  EXPECT_EQ(initial_layer_norm({4, 5})(x).to_vector<float>(),
            layer_norm(x, ones({4, 5}), zeros({4, 5})).to_vector<float>());
  EXPECT_EQ(initial_group_norm(2, 4)(x).to_vector<float>(),
            group_norm(x, 2, ones({4}), zeros({4})).to_vector<float>());
  EXPECT_EQ(initial_rms_norm({5})(x).to_vector<float>(), rms_norm(x, ones({5})).to_vector<float>());
  const GroupNorm group = grad([&](const GroupNorm& l) { return sum(l(x)); })(initial_group_norm(2, 4));
  EXPECT_EQ(group.groups, 2);
  EXPECT_EQ(group.b.to_vector<float>(), std::vector<float>(4, 15.0F));
}

TEST(DropoutLayer, WorksWhileTrainEpochRuns) {
  struct Model {
    Linear linear;
    Dropout dropout;
  };
  struct Pair {
    Array x, y;
  };
  Model model{initial_linear(4, 1), {0.5}};
  const std::vector<Pair> batches(1, {ones({200, 4}), zeros({200, 1})});
  double zeros_seen = 0;
  train_epoch(
      model,
      [&](const Model& m, const Array& x, const Array& y) {
        const Array dropped = m.dropout(x);
        zeros_seen = sum(cast(equal(dropped.detach(), 0), float32)).item();
        return mse(m.linear(dropped), y);
      },
      batches, 0.1);
  EXPECT_NEAR(zeros_seen, 400, 100);
  EXPECT_FALSE(is_training());
  EXPECT_EQ(model.dropout(ones({9})).to_vector<float>(), std::vector<float>(9, 1.0F));
}

}  // namespace
}  // namespace plugrad

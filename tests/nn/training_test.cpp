// Layers, optimisers, training loops and the gradient check.
#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/nn/nn.h"

namespace plugrad {
namespace {

TEST(Training, SgdStepsInPlaceThroughAnyStructure) {
  std::vector<Linear> w{{ones({2, 2}), zeros({2})}};
  const Array seen = w[0].w;
  sgd(w, std::vector<Linear>{{full({2, 2}, 3), ones({2})}}, 0.5);
  EXPECT_EQ(seen.to_vector<float>(), (std::vector<float>{-0.5, -0.5, -0.5, -0.5}));
  EXPECT_EQ(w[0].b.to_vector<float>(), (std::vector<float>{-0.5, -0.5}));
  std::vector<Array> two{ones({1}), ones({1})}, one{ones({1})};
  EXPECT_THROW(sgd(two, one, 0.5), ShapeError);
}

TEST(Training, ClippingIsByTheNormOfAllArraysTogether) {
  std::vector<Array> g{Array::from_data<float>({3}), Array::from_data<float>({4})};
  clip_global_norm(g, 10);
  EXPECT_EQ(g[1].item(), 4);
  clip_global_norm(g, 1);
  EXPECT_NEAR(g[0].item(), 0.6, 1e-6);
  EXPECT_NEAR(g[1].item(), 0.8, 1e-6);
}

TEST(Training, FindsALine) {
  set_seed(3);
  const Array x = normal({100, 3}), y = matmul(x, Array::from_data<float>({1, -2, 3}, {3, 1})) + 0.5;
  Linear model{zeros({3, 1}), zeros({1})};
  struct Pair {
    Array x, y;
  };
  const std::vector<Pair> batches(200, {x, y});
  train_epoch(
      model, [](const Linear& m, const Array& a, const Array& b) { return mean(square(b - m(a))); }, batches,
      0.1);
  EXPECT_NEAR(model.w[1][0].item(), -2, 1e-3);
  EXPECT_NEAR(model.b[0].item(), 0.5, 1e-3);
}

TEST(Training, GradcheckTellsRightFromWrong) {
  const Array x = uniform({4}, 0.5, 2);
  EXPECT_LT(gradcheck([](const Array& w) { return sum(exp(w) * w); }, x, 20, 1).worst, 1e-6);
  const auto wrong =
      custom_gradient([](const Array& w) { return exp(w); },
                      [](const Array& dy, const Array& y, const Array&) { return 1.01 * dy * y; });
  EXPECT_GT(gradcheck([&](const Array& w) { return sum(wrong(w)); }, x, 20, 1).worst, 5e-3);
}

TEST(Training, AccuracyIsTheShareOfLargestLogitsAtTheLabels) {
  const Array logits = Array::from_data<float>({1, 2, 3, 0, 5, 4}, {3, 2});
  EXPECT_NEAR(accuracy(logits, Array::from_data<int32_t>({1, 1, 0})).item(), 2.0 / 3, 1e-6);
}

}  // namespace
}  // namespace plugrad

// mse, huber, bce_with_logits: broadcasting, kinks, large logits, what is refused.
#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

class Losses : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Losses, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

using Numbers = std::vector<double>;

TEST_P(Losses, OperandsBroadcastAsInNumPy) {
  const Array x = Array::from_data<double>({1, 2, 3, 4, 5, 6}, {2, 3}),
              y = Array::from_data<double>({1, 1, 2});
  EXPECT_NEAR(mse(x, y).item(), (0 + 1 + 1 + 9 + 16 + 16) / 6.0, 1e-12);
  EXPECT_EQ(mse(y, x, Reduction::sum).item(), 43);
  EXPECT_EQ(mse(x, y, Reduction::none).shape(), (Shape{2, 3}));
  EXPECT_EQ(mse(zeros({3, 1}), zeros({2}), Reduction::none).shape(), (Shape{3, 2}));
  EXPECT_EQ(huber(x, Array(1.0), 1, Reduction::none).shape(), (Shape{2, 3}));
  const auto both = [](const std::pair<Array, Array>& w) { return mse(w.first, w.second, Reduction::sum); };
  const auto [dx, dy] = grad(both)(std::pair{x, y});
  EXPECT_EQ(dx.to_vector<double>(), (Numbers{0, 2, 2, 6, 8, 8}));
  EXPECT_EQ(dy.to_vector<double>(), (Numbers{-6, -10, -10}));
}

TEST_P(Losses, OperandsThatDoNotFitAreRefused) {
  const auto text = [](auto f) { return tests::message_of<ShapeError>(f); };
  EXPECT_EQ(text([] {
              mse(zeros({2, 3}), zeros({2}));
            }),
            "mse: needs equal shapes, or such as broadcast for shape [2, 3] and [2]");
  EXPECT_EQ(text([] { bce_with_logits(zeros({4}), zeros({3})); }),
            "bce_with_logits: needs equal shapes, or such as broadcast for shape [4] and [3]");
  EXPECT_EQ(text([] { huber(zeros({4}), zeros({4}), 0); }),
            "huber: needs a delta above 0, not 0 for shape [4] and [4]");
  EXPECT_THROW(huber(zeros({4}), zeros({4}), -1), ShapeError);
  EXPECT_THROW(huber(zeros({4}), zeros({4}), std::nan("")), ShapeError);
  EXPECT_EQ(text([] { mse(zeros({4}), zeros({4}), static_cast<Reduction>(3)); }),
            "mse: no reduction 3 for shape [4] and [4]");
  EXPECT_THROW(mse(zeros({2}), Array()), Error);
}

TEST_P(Losses, OfNothing) {
  for (const auto& loss :
       {mse(zeros({0}), zeros({0})), huber(zeros({0}), zeros({0})), bce_with_logits(zeros({0}), zeros({0}))})
    EXPECT_TRUE(std::isnan(loss.item()));
  EXPECT_EQ(mse(zeros({0}), zeros({0}), Reduction::sum).item(), 0);
  EXPECT_EQ(bce_with_logits(zeros({0, 2}), zeros({0, 2}), Reduction::none).shape(), (Shape{0, 2}));
}

TEST_P(Losses, DtypesPromote) {
  const Array labels = cast(Array::from_data<float>({0, 1}), int32);
  EXPECT_EQ(bce_with_logits(zeros({2}), labels).dtype(), float32);
  EXPECT_EQ(bce_with_logits(cast(zeros({2}), float64), labels).dtype(), float64);
  EXPECT_EQ(mse(labels, labels).dtype(), float32);
}

// huber at and around its kinks, where the slope is delta's and the second derivative 0, as in PyTorch.
TEST_P(Losses, HuberAtItsKinks) {
  const Array x = Array::from_data<double>({-3, -2, -1, 0, 1, 2, 3}), zero = cast(zeros({7}), float64);
  EXPECT_EQ(huber(x, zero, 2, Reduction::none).to_vector<double>(), (Numbers{4, 2, 0.5, 0, 0.5, 2, 4}));
  const auto total = [&](const Array& w) { return huber(w, zero, 2, Reduction::sum); };
  EXPECT_EQ(grad(total)(x).to_vector<double>(), (Numbers{-2, -2, -1, 0, 1, 2, 2}));
  const Array second = grad([&](const Array& w) { return sum(grad(total)(w)); })(x);
  EXPECT_EQ(second.to_vector<double>(), (Numbers{0, 0, 1, 1, 1, 0, 0}));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(huber(x, zero, infinity, Reduction::sum).item(), mse(x, zero, Reduction::sum).item() / 2);
}

TEST_P(Losses, BceIsExactForLargeLogits) {
  const Numbers x{-1e4, -100, -20, -1, 0, 1, 20, 100, 1e4};
  for (const DType dtype : {float32, float64}) {
    const Array logits = cast(Array::from_data(x, Shape{9}), dtype);
    const double near = dtype == float32 ? 1e-6 : 1e-14, smallest = dtype == float32 ? 1.2e-38 : 2.3e-308;
    for (const double label : {0.0, 1.0}) {
      const Array losses = cast(bce_with_logits(logits, full_like(logits, label), Reduction::none), float64);
      const auto slope = [&](const Array& w) {
        return bce_with_logits(w, full_like(logits, label), Reduction::sum);
      };
      const Array dx = cast(grad(slope)(logits), float64);
      for (size_t i = 0; i < x.size(); ++i) {
        const double right = label == 1 ? x[i] : -x[i];  // how right the logit is
        const double expected = std::max(-right, 0.0) + std::log1p(std::exp(-std::abs(right)));
        EXPECT_NEAR(losses[static_cast<int64_t>(i)].item(), expected, near * expected + smallest) << x[i];
        const double s = 1 / (1 + std::exp(-x[i])) - label;
        EXPECT_NEAR(dx[static_cast<int64_t>(i)].item(), s, near) << x[i];
      }
    }
  }
}

TEST_P(Losses, BceIsDifferentiableInTheLabels) {
  const Array x = Array::from_data<double>({-2, 0, 3}), y = Array::from_data<double>({0.25, 0.5, 1});
  const Array dy = grad([&](const Array& w) { return bce_with_logits(x, w, Reduction::sum); })(y);
  EXPECT_EQ(dy.to_vector<double>(), (Numbers{2, 0, -3}));
}

// The sum over many elements is as precise as that of doubles.
TEST_P(Losses, MeansOfManyElementsArePrecise) {
  if (!detail::on_host(default_device())) GTEST_SKIP() << "large";
  set_seed(7);
  const Array x = uniform({1000003}), y = uniform({1000003});
  EXPECT_NEAR(mse(x, y).item(), mse(cast(x, float64), cast(y, float64)).item(), 1e-8);
  EXPECT_NEAR(bce_with_logits(x, y).item(), bce_with_logits(cast(x, float64), cast(y, float64)).item(), 1e-7);
}

}  // namespace
}  // namespace plugrad

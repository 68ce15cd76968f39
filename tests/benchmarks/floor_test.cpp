// The models trained by hand do what the framework does: the same losses, and the same changes of all
// parameters, with each instruction set that their loops are compiled for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hwy/targets.h"
#include "plugrad/benchmarks/floor/trainer.h"
#include "plugrad/core/backend.h"
#include "plugrad/examples/charlm/model.h"
#include "plugrad/examples/housing/model.h"
#include "plugrad/examples/lenet/model.h"
#include "plugrad/examples/mlp/model.h"
#include "plugrad/examples/softmax/model.h"
#include "plugrad/nn/data/minibatch.h"

namespace plugrad::by_hand {
namespace {

// Of float32 sums in different orders: relative to a loss, and to the largest change of an array, which
// besides is known no better than its largest value is rounded.
constexpr double loss_tolerance = 2e-6, change_tolerance = 2e-4, rounding = 1e-7;

template <class Model>
Parameters parameters_of(Model model) {
  Parameters all;
  visit(model, [&](Array& a) { all.push_back(a.to_vector<float>()); });
  return all;
}

void expect_same_changes(const Parameters& initial, const Parameters& expected, const Parameters& found) {
  ASSERT_EQ(expected.size(), found.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(expected[i].size(), found[i].size()) << "parameter " << i;
    double largest = 0, change = 0, error = 0;
    for (size_t j = 0; j < expected[i].size(); ++j) {
      largest = std::max(largest, std::abs(static_cast<double>(expected[i][j])));
      change = std::max(change, std::abs(static_cast<double>(expected[i][j] - initial[i][j])));
      error = std::max(error, std::abs(static_cast<double>(expected[i][j] - found[i][j])));
    }
    EXPECT_GT(change, 100 * rounding * largest) << "parameter " << i << " was not trained";
    EXPECT_LE(error, change_tolerance * change + rounding * largest) << "parameter " << i;
  }
}

// Trains `trainer` and a copy of `model` beside each other. gradient(model, x, y) is [loss, gradient].
template <class Model, class Gradient>
void expect_same_training(Trainer& trainer, Model model, Gradient gradient, const std::vector<Batch>& batches,
                          double lr, int epochs) {
  const Parameters initial = parameters_of(model);
  trainer.set_parameters(initial);
  ASSERT_EQ(initial, trainer.parameters());
  ASSERT_EQ(static_cast<int64_t>(batches.size()), trainer.batches());
  trainer.update(0, 0);
  ASSERT_EQ(initial, trainer.parameters()) << "a rate of 0 changes something";
  trainer.restart();
  visit(model, [](Array& a) { a = copy(a); });
  for (int e = 0; e < epochs; ++e)
    for (size_t b = 0; b < batches.size(); ++b) {
      auto [value, g] = gradient(model, batches[b].x, batches[b].y);
      sgd(model, g, lr);
      const double loss = value.item();
      EXPECT_NEAR(trainer.update(static_cast<int64_t>(b), static_cast<float>(lr)), loss,
                  loss_tolerance * loss)
          << "epoch " << e << ", batch " << b;
    }
  expect_same_changes(initial, parameters_of(model), trainer.parameters());
}

std::vector<Batch> batches_of(const Array& x, const Array& y, int64_t size) {
  Minibatches m(x, y, size);
  return {m.begin(), m.end()};
}

// Labels below n, whose order shows no pattern.
Array labels(const Shape& shape, int64_t n) { return cast(uniform(shape, 0, static_cast<double>(n)), int32); }

// The instruction set named, and those below it.
class Floor : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    if (GetParam() != HWY_SCALAR && !(hwy::SupportedTargets() & GetParam()))
      GTEST_SKIP() << "this processor has not got it";
    set_default_device("cpu");
    set_seed(1);
    choose((hwy::SupportedTargets() | HWY_SCALAR) & ~(GetParam() - 1));
  }
  void TearDown() override { choose(0); }

 private:
  // 0: what the processor has.
  static void choose(int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

TEST_P(Floor, LinRegTrainsAsTheFrameworkDoes) {
  const Array x = normal({506, 13}), y = normal({506, 1}, 20, 9);
  const auto trainer = make_linreg(x.to_vector<float>(), y.to_vector<float>());
  expect_same_training(*trainer, examples::housing::initial(13, 0.1), value_and_grad(examples::housing::loss),
                       {{x, y}}, 0.1, 5);
}

class Images {
 public:
  const Array x = uniform({300, pixels}, 0, 1), y = labels({300}, classes);

  template <class Model, class Loss>
  void expect_same_training_of(std::unique_ptr<Trainer> (*make)(std::vector<float>, std::vector<int32_t>),
                               Model model, Loss loss, double lr) const {
    const auto trainer = make(x.to_vector<float>(), y.to_vector<int32_t>());
    expect_same_training(*trainer, model, value_and_grad(loss), batches_of(x, y, batch_size), lr, 2);
  }
};

TEST_P(Floor, SoftmaxTrainsAsTheFrameworkDoes) {
  Images().expect_same_training_of(make_softmax, examples::softmax::initial(0.1), examples::softmax::loss,
                                   0.02);
}

TEST_P(Floor, MlpTrainsAsTheFrameworkDoes) {
  Images().expect_same_training_of(make_mlp, examples::mlp::initial({64}, 0.1), examples::mlp::loss, 0.02);
}

TEST_P(Floor, LenetTrainsAsTheFrameworkDoes) {
  auto model = examples::lenet::initial(0);
  // Biases that matter.
  for (Array* b : {&model.conv1.b, &model.conv2.b, &model.fc1.b, &model.fc2.b})
    *b = normal(b->shape(), 0, 0.1);
  Images().expect_same_training_of(make_lenet, model, examples::lenet::loss, 0.05);
}

template <class Model>
double norm_of(const Model& gradient) {
  double squares = 0;
  visit(gradient, [&](const Array& a) { squares += sum(square(a)).item(); });
  return std::sqrt(squares);
}

// `clips`: whether the gradients go beyond `limit`.
void expect_same_language_model(double limit, bool clips) {
  constexpr int64_t characters = 50, steps = 6;
  std::vector<Batch> batches;
  std::vector<Window> windows;
  for (int i = 0; i < 3; ++i) {
    const Array x = labels({steps, text_rows}, characters), y = labels({steps, text_rows}, characters);
    batches.push_back({x, y});
    windows.push_back({x.to_vector<int32_t>(), y.to_vector<int32_t>()});
  }
  using examples::charlm::Model;
  const Model model = examples::charlm::initial(characters, embedding_size, hidden_size, 0.1);
  LstmState state;
  const auto gradient = value_and_grad(
      [&](const Model& m, const Array& x, const Array& y) { return examples::charlm::loss(m, x, y, state); });
  const auto clipped = [&](const Model& m, const Array& x, const Array& y) {
    auto result = gradient(m, x, y);
    EXPECT_EQ(norm_of(result.second) > limit, clips);
    clip_global_norm(result.second, limit);
    return result;
  };
  const auto trainer = make_charlm(windows, characters, limit);
  expect_same_training(*trainer, model, clipped, batches, 0.1, 1);
}

TEST_P(Floor, CharlmTrainsAsTheFrameworkDoes) { expect_same_language_model(9, false); }
TEST_P(Floor, CharlmClipsGradientsAsTheFrameworkDoes) { expect_same_language_model(0.05, true); }

INSTANTIATE_TEST_SUITE_P(Targets, Floor, testing::Values(HWY_AVX3, HWY_AVX2, HWY_SCALAR),
                         [](const testing::TestParamInfo<int64_t>& target) {
                           std::string name = hwy::TargetName(target.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace plugrad::by_hand

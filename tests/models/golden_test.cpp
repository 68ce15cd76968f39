// The five models follow, update by update, the losses that another implementation had from the same initial
// values.
//
// Bounds: relative 1e-4 in float32 over the first ten updates; CharLM starts chaotically, so over its first
// two losses.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plugrad/benchmarks/common/golden.h"
#include "plugrad/nn/data/housing.h"
#include "plugrad/nn/data/minibatch.h"
#include "plugrad/nn/data/mnist.h"
#include "plugrad/nn/data/text.h"

namespace plugrad {
namespace {

using benchmarks::GoldenValues;
constexpr double bound = 1e-4;

class Golden : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("PLUGRAD_GOLDEN");
    if (!folder) GTEST_SKIP() << "PLUGRAD_GOLDEN names no folder with initial values and losses";
    set_default_device(GetParam());
    set_num_threads(1);  // what runs beside it would make two slower than one
    folder_ = folder;
    losses_ = nlohmann::json::parse(std::ifstream(folder_ / "losses.json")).at("losses");
  }
  void TearDown() override { set_default_device("cpu"); }

  // Plain loops take their time: a few updates must do there.
  size_t updates(size_t on_reference) const {
    return std::string(GetParam()) == "reference" ? on_reference : 10;
  }

  // Trains on the batches, as many as are wanted, and compares each update's loss.
  template <class Model, class Loss, class Batches>
  void follow(const char* name, Model model, Loss loss, const Batches& batches, double lr, size_t n,
              double clip = 0) {
    const auto expected = losses_.at(name).get<std::vector<double>>();
    const auto gradient = value_and_grad(loss);
    for (size_t i = 0; i < std::min(n, expected.size()); ++i) {
      auto [value, g] = gradient(model, batches[i].x, batches[i].y);
      EXPECT_NEAR(value.item(), expected[i], bound * expected[i]) << name << ", update " << i;
      clip_global_norm(g, clip);
      sgd(model, g, lr);
    }
  }

  static std::vector<Batch> digits(size_t n) {
    const MnistSets mnist = load_mnist();
    if (!mnist.origin.substitute.empty()) return {};
    std::vector<Batch> batches;
    for (int64_t i = 0; i < static_cast<int64_t>(n); ++i)
      batches.push_back({slice(mnist.train.images, 0, i * 100, (i + 1) * 100),
                         slice(mnist.train.labels, 0, i * 100, (i + 1) * 100)});
    return batches;
  }

  std::filesystem::path folder_;
  nlohmann::json losses_;
};
INSTANTIATE_TEST_SUITE_P(Backends, Golden, testing::Values("cpu", "reference"),
                         [](const auto& backend) { return std::string(backend.param); });

#define SKIP_WITHOUT(condition) \
  if (!(condition)) GTEST_SKIP() << "the data set itself is not here, only a substitute"

TEST_P(Golden, LinReg) {
  const Housing data = load_housing();
  SKIP_WITHOUT(data.origin.substitute.empty());
  const std::vector<Batch> batches(20, {data.x, data.y});
  follow("linreg", GoldenValues(folder_).linreg(), examples::housing::loss, batches, 0.1, 20);
}

TEST_P(Golden, Softmax) {
  const std::vector<Batch> batches = digits(10);
  SKIP_WITHOUT(!batches.empty());
  follow("softmax", GoldenValues(folder_).softmax(), examples::softmax::loss, batches, 0.5, 10);
}

TEST_P(Golden, Mlp) {
  const std::vector<Batch> batches = digits(10);
  SKIP_WITHOUT(!batches.empty());
  follow("mlp", GoldenValues(folder_).mlp(), examples::mlp::loss, batches, 0.5, 10);
}

TEST_P(Golden, LeNet) {
  const std::vector<Batch> batches = digits(10);
  SKIP_WITHOUT(!batches.empty());
  follow("lenet", GoldenValues(folder_).lenet(), examples::lenet::loss, batches, 0.1, updates(3));
}

TEST_P(Golden, CharLmsFirstLoss) {
  const Text text = load_text();
  SKIP_WITHOUT(text.origin.substitute.empty());
  const examples::charlm::Model model = GoldenValues(folder_).charlm();
  LstmState state;
  const Batch window = text_windows(text.ids, 128, 100).front();
  const double expected = losses_.at("charlm").at(0);
  EXPECT_NEAR(examples::charlm::loss(model, window.x, window.y, state).item(), expected, bound * expected);
}

TEST_P(Golden, CharLmInFloat64) {
  const Text text = load_text();
  SKIP_WITHOUT(text.origin.substitute.empty());
  const auto expected =
      nlohmann::json::parse(std::ifstream(PLUGRAD_TEST_MODELS_DIR "/golden/charlm_float64.json"))
          .at("losses")
          .get<std::vector<double>>();
  examples::charlm::Model model = GoldenValues(folder_).charlm();
  visit(model, [](Array& a) { a = cast(a, float64); });
  LstmState state;
  const auto gradient = value_and_grad(
      [&](const auto& m, const Array& x, const Array& y) { return examples::charlm::loss(m, x, y, state); });
  const std::vector<Batch> windows = text_windows(text.ids, 128, 100);
  auto [first, g] = gradient(model, windows[0].x, windows[0].y);
  clip_global_norm(g, 3);
  sgd(model, g, 4);
  const Array second = examples::charlm::loss(model, windows[1].x, windows[1].y, state);
  EXPECT_NEAR(first.item(), expected[0], 1e-6 * expected[0]);
  EXPECT_NEAR(second.item(), expected[1], 1e-6 * expected[1]);
}

}  // namespace
}  // namespace plugrad

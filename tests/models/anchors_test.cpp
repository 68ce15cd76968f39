// Trained as the timing table has it, the five models reach what they reached elsewhere. On the cpu backend:
// whole trainings take plain loops too long.
#include <gtest/gtest.h>

#include "plugrad/examples/charlm/model.h"
#include "plugrad/examples/housing/model.h"
#include "plugrad/examples/lenet/model.h"
#include "plugrad/examples/mlp/model.h"
#include "plugrad/examples/softmax/model.h"
#include "plugrad/nn/data/housing.h"
#include "plugrad/nn/data/minibatch.h"
#include "plugrad/nn/data/mnist.h"
#include "plugrad/nn/data/text.h"

namespace plugrad {
namespace {

class Anchors : public testing::Test {
 protected:
  void SetUp() override {
    set_default_device("cpu");
    set_num_threads(1);  // what runs beside it would make two slower than one
    set_seed(1);
  }
};

struct Digits {
  Minibatches train, test;
};

// Empty where only a substitute is here.
std::optional<Digits> digits() {
  const MnistSets mnist = load_mnist();
  if (!mnist.origin.substitute.empty()) return {};
  return Digits{Minibatches(mnist.train.images, mnist.train.labels, 100),
                Minibatches(mnist.test.images, mnist.test.labels, 100)};
}

#define SKIP_WITHOUT(condition) \
  if (!(condition)) GTEST_SKIP() << "the data set itself is not here, only a substitute"

template <class Model, class Predict>
double share_right(const Model& model, Predict predict, Minibatches& batches) {
  return mean_over(batches, [&](const Array& x, const Array& y) { return accuracy(predict(model, x), y); });
}

TEST_F(Anchors, LinReg) {
  const Housing data = load_housing();
  SKIP_WITHOUT(data.origin.substitute.empty());
  Linear model = examples::housing::initial(13, 0.1);
  const std::vector<Batch> batches(10'000, {data.x, data.y});
  train_epoch(model, examples::housing::loss, batches, 0.1);
  EXPECT_NEAR(examples::housing::loss(model, data.x, data.y).item(), 21.89483,
              2e-4);  // the normal equations' solution
}

TEST_F(Anchors, Softmax) {
  auto data = digits();
  SKIP_WITHOUT(data);
  namespace m = examples::softmax;
  m::Model model = m::initial(0.1);
  for (int epoch = 0; epoch < 10; ++epoch) train_epoch(model, m::loss, data->train, 0.5);
  const auto predict = [](const m::Model& w, const Array& x) { return w(x); };
  EXPECT_NEAR(share_right(model, predict, data->train), 0.9195, 0.001);
  EXPECT_NEAR(share_right(model, predict, data->test), 0.9156, 0.001);
  const double nll =
      mean_over(data->train, [&](const Array& x, const Array& y) { return m::loss(model, x, y); });
  EXPECT_GT(nll, 0.267);
  EXPECT_LT(nll, 0.276);
}

TEST_F(Anchors, Mlp) {
  auto data = digits();
  SKIP_WITHOUT(data);
  namespace m = examples::mlp;
  m::Model model = m::initial({64}, 0.1);
  for (int epoch = 0; epoch < 10; ++epoch) train_epoch(model, m::loss, data->train, 0.5);
  EXPECT_GE(share_right(model, m::predict, data->train), 0.9865);
  EXPECT_NEAR(share_right(model, m::predict, data->test), 0.972, 0.003);
}

TEST_F(Anchors, LeNet) {
  auto data = digits();
  SKIP_WITHOUT(data);
  namespace m = examples::lenet;
  m::Model model = m::initial(0);
  train_epoch(model, m::loss, data->train, 0.1);
  EXPECT_GE(share_right(model, m::predict, data->test), 0.968);
}

TEST_F(Anchors, CharLm) {
  const Text text = load_text();
  SKIP_WITHOUT(text.origin.substitute.empty());
  EXPECT_EQ(text.ids.size(), 214'325u);
  EXPECT_EQ(text.vocabulary.size(), 84);
  namespace m = examples::charlm;
  m::Model model = m::initial(84, 256, 256, 0.3);
  const std::vector<Batch> windows = text_windows(text.ids, 128, 100);
  ASSERT_EQ(windows.size(), 16u);
  m::train(model, windows, 4, 3);
  LstmState state;
  const Batch& last = windows.back();
  const double loss = m::loss(model, last.x, last.y, state).item();
  EXPECT_GT(loss, 2.6);
  EXPECT_LT(loss, 3.1);
}

}  // namespace
}  // namespace plugrad

// Recurrent networks: they are PyTorch's, with their gradients, and a sequence may be cut anywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plugrad/nn/nn.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using nlohmann::json;

class Recurrent : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    set_default_device(GetParam());
    set_seed(5);
  }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Recurrent, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

void expect_near(const Array& got, const Array& expected, double bound, const std::string& what) {
  ASSERT_EQ(got.shape(), expected.shape()) << what;
  ASSERT_EQ(got.dtype(), expected.dtype()) << what;
  if (got.size() == 0) return;
  EXPECT_LT(max(abs(got - expected)).item(), bound) << what;
}

template <class S>
std::vector<Array> arrays_of(const S& structure) {
  std::vector<Array> all;
  visit(structure, [&](const Array& x) { all.push_back(x); });
  return all;
}
template <class S, class T>
void expect_all_near(const S& got, const T& expected, double bound) {
  const std::vector<Array> g = arrays_of(got), e = arrays_of(expected);
  ASSERT_EQ(g.size(), e.size());
  for (size_t k = 0; k < g.size(); ++k) expect_near(g[k], e[k], bound, "array " + std::to_string(k));
}

std::vector<Array> arrays_of(const json& list) {
  std::vector<Array> all;
  for (const json& x : list) {
    const auto lengths = x.at("shape").get<std::vector<int64_t>>();
    all.push_back(Array::from_data(x.at("elements").get<std::vector<double>>(),
                                   Shape(lengths.data(), static_cast<int>(lengths.size()))));
  }
  return all;
}

// A network and what it is given, in the order that the file has them.
template <class Network, class State>
struct Problem {
  Array x;
  State state;
  Network network;
};

template <class P>
void expect_golden(const char* name, P problem) {
  const json golden = json::parse(std::ifstream(PLUGRAD_TEST_NN_DIR "/golden/recurrent.json")).at(name);
  const std::vector<Array> in = arrays_of(golden.at("in")), weights = arrays_of(golden.at("weights"));
  size_t next = 0;
  visit(problem, [&](Array& x) { x = in.at(next++); });
  ASSERT_EQ(next, in.size());
  expect_all_near(problem.network(problem.x, problem.state), arrays_of(golden.at("out")), 1e-13);
  const auto loss = [&](const P& p) {
    const std::vector<Array> out = arrays_of(p.network(p.x, p.state));
    Array total = zeros(Shape{}, float64);
    for (size_t k = 0; k < out.size(); ++k) total = total + sum(out[k] * weights[k]);
    return total;
  };
  expect_all_near(grad(loss)(problem), arrays_of(golden.at("gradients")), 1e-13);
}

TEST_P(Recurrent, LstmIsPyTorchs) {
  Problem<Lstm, LstmState> p;
  p.state = {std::vector<Array>(2), std::vector<Array>(2)};
  p.network.layers.resize(2);
  expect_golden("lstm", p);
}
TEST_P(Recurrent, GruIsPyTorchs) {
  Problem<Gru, GruState> p;
  p.state.resize(2);
  p.network.layers.resize(2);
  expect_golden("gru", p);
}

TEST_P(Recurrent, LstmFollowsItsEquations) {
  const Lstm lstm = initial_lstm(2, 1, 0.5);
  const auto& [w_x, w_h, b] = lstm.layers[0];
  const Array x = Array::from_data<float>({0.3f, -0.7f}, {1, 1, 2});
  const LstmState s{{Array::from_data<float>({0.2f}, {1, 1})}, {Array::from_data<float>({-0.4f}, {1, 1})}};
  const auto [y, next] = lstm(x, s);
  const auto gate = [&, &bias = b, &of_x = w_x, &of_h = w_h](int64_t k) {
    return bias[k].item() + 0.3 * of_x[0][k].item() - 0.7 * of_x[1][k].item() + 0.2 * of_h[0][k].item();
  };
  const auto logistic = [](double v) { return 1 / (1 + std::exp(-v)); };
  const double c = -0.4 * logistic(gate(0)) + logistic(gate(1)) * std::tanh(gate(3));
  EXPECT_NEAR(next.c[0].item(), c, 1e-6);
  EXPECT_NEAR(next.h[0].item(), logistic(gate(2)) * std::tanh(c), 1e-6);
  EXPECT_EQ(y.item(), next.h[0].item());
  EXPECT_EQ(b.to_vector<float>(), (std::vector<float>{1, 0, 0, 0}));  // the forget gate starts open
}

// The state goes on where a part of the sequence ends; without one, it is zeros. 600 steps are more than an
// op has outputs.
template <class Network>
void expect_cut_anywhere(const Network& network, const std::vector<int64_t>& cuts) {
  const Array x = normal({cuts.back(), 2, 3});
  const auto whole = network(x);
  decltype(whole.state) state;
  std::vector<Array> y;
  for (size_t k = 0; k + 1 < cuts.size(); ++k) {
    auto part = network(slice(x, 0, cuts[k], cuts[k + 1]), state);
    y.push_back(part.y);
    state = part.state;
  }
  expect_near(whole.y, concat(y, 0), 1e-5, "y");
  expect_all_near(whole.state, state, 1e-5);
  expect_near(whole.y[-1], arrays_of(whole.state)[1], 1e-30, "the last step");
}
TEST_P(Recurrent, SequencesMayBeCutAnywhere) {
  Lstm lstm = initial_lstm(3, 4, 0.5, 2);
  lstm.dropout = 0;
  expect_cut_anywhere(lstm, {0, 1, 3, 7});
  expect_cut_anywhere(lstm, {0, 200, 601});
  expect_cut_anywhere(initial_gru(3, 4, 0.5, 2), {0, 1, 3, 7});
  expect_cut_anywhere(initial_gru(3, 4, 0.5, 2), {0, 200, 1100});
}

// The same as layers one by one with dropout between them; in evaluation, and behind the last, there is none.
template <class Network>
void expect_dropout_between_layers(Network network) {
  const Network first{{network.layers[0]}}, second{{network.layers[1]}};
  network.dropout = 0.5;
  const Array x = normal({3, 40, 5});
  {
    const TrainingMode on(true);
    Generator g{9, 4}, same{9, 4};
    const Array between = dropout(first(x).y, 0.5, same);
    expect_near(network(x, {}, g).y, second(between).y, 1e-6, "training");
    EXPECT_EQ(g.offset, 5u);
  }
  const TrainingMode off(false);
  expect_near(network(x).y, second(first(x).y).y, 1e-6, "evaluation");
}
TEST_P(Recurrent, DropoutIsBetweenLayers) {
  expect_dropout_between_layers(initial_lstm(5, 6, 0.5, 2));
  expect_dropout_between_layers(initial_gru(5, 6, 0.5, 2));
}

// Cut into halves and halves again, gates and hidden states get their own gradients.
TEST_P(Recurrent, GradientsComeThroughLongSequences) {
  const Lstm lstm = initial_lstm(1, 2, 0.5);
  const Array x = normal({521, 1, 1});
  const auto loss = [&](const Array& in) { return sum(square(lstm(in).y)); };
  const auto loss_in_parts = [&](const Array& in) {
    const auto first = lstm(slice(in, 0, 0, 250));
    const auto second = lstm(slice(in, 0, 250, 500), first.state);
    const auto third = lstm(slice(in, 0, 500, 521), second.state);
    return sum(square(first.y)) + sum(square(second.y)) + sum(square(third.y));
  };
  expect_near(grad(loss)(x), grad(loss_in_parts)(x), 1e-5, "gradient in x");
}

TEST_P(Recurrent, TakesNoRowsAndOneStep) {
  const auto [y, state] = initial_lstm(3, 4, 0.5)(zeros({2, 0, 3}));
  EXPECT_EQ(y.shape(), (Shape{2, 0, 4}));
  EXPECT_EQ(state.c[0].shape(), (Shape{0, 4}));
  EXPECT_EQ(initial_gru(3, 4)(zeros({1, 2, 3})).y.shape(), (Shape{1, 2, 4}));
}

TEST_P(Recurrent, RefusesWhatDoesNotFit) {
  const Lstm lstm = initial_lstm(3, 4, 0.5, 2);
  const Gru gru = initial_gru(3, 4);
  using tests::message_of;
  EXPECT_EQ(message_of<ShapeError>([&] {
              lstm(ones({2, 3}));
            }),
            "lstm: needs x [steps, n, features] of at least one step, not of shape [2, 3]");
  EXPECT_EQ(message_of<ShapeError>([&] {
              gru(ones({0, 2, 3}));
            }),
            "gru: needs x [steps, n, features] of at least one step, not of shape [0, 2, 3]");
  EXPECT_EQ(message_of<ShapeError>([&] {
              lstm(ones({1, 2, 3}), {{ones({2, 4})}, {ones({2, 4})}});
            }),
            "lstm: a state of 1 layers for 2");
  EXPECT_EQ(message_of<ShapeError>([&] {
              gru(ones({1, 2, 3}), {ones({2, 4}), ones({2, 4})});
            }),
            "gru: a state of 2 layers for 1");
  EXPECT_THROW(gru(ones({1, 2, 5})), ShapeError);                  // features
  EXPECT_THROW(gru(ones({1, 2, 3}), {ones({3, 4})}), ShapeError);  // rows of the state
}

}  // namespace
}  // namespace plugrad

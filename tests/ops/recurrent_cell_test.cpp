// Cells: the order of their gates, extreme arguments, and what is refused.
#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class RecurrentCells : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, RecurrentCells, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

template <class F>
std::string refusal(F f) {
  try {
    f();
  } catch (const ShapeError& e) {
    return e.what();
  }
  return "no ShapeError";
}

// Gates far from 0 are open or shut, and no exponential overflows.
TEST_P(RecurrentCells, LstmHasForgetInputOutputChange) {
  for (const DType d : {float32, float64}) {
    const Array gates = cast(Array::from_data<double>({1e4, -1e4, 1e4, 1e4,   // keeps
                                                       -1e4, 1e4, 1e4, -1e4,  // takes the change, which is -1
                                                       1e4, 1e4, -1e4, 1e4},  // adds, and shows nothing
                                                      {3, 4}),
                             d);
    const Array c = cast(Array::from_data<double>({0.25, 0.25, 0.25}, {3, 1}), d);
    const auto [h, next] = lstm_cell(gates, c);
    EXPECT_EQ(cast(next, float64).to_vector<double>(), (std::vector<double>{0.25, -1, 1.25}));
    EXPECT_NEAR(h[0].item(), std::tanh(0.25), 1e-7);
    EXPECT_NEAR(h[1].item(), -std::tanh(1), 1e-7);
    EXPECT_EQ(h[2].item(), 0);
  }
}

TEST_P(RecurrentCells, GruHasResetUpdateChange) {
  for (const DType d : {float32, float64}) {
    const Array x_gates = cast(Array::from_data<double>({0, 2e4, 0,        // keeps
                                                         2e4, -2e4, 0.5,   // takes the change, with that of h
                                                         -2e4, -2e4, 0.5,  // without that of h
                                                         0, 0, 1e4},       // one half of each
                                                        {4, 3}),
                               d);
    const Array h_gates = expand(cast(Array::from_data<double>({0, 0, 2}), d), {4, 3});
    const Array h = cast(Array::from_data<double>({0.25, 0.25, 0.25, 0.25}, {4, 1}), d);
    const std::vector<double> next = cast(gru_cell(x_gates, h_gates, h), float64).to_vector<double>();
    EXPECT_EQ(next[0], 0.25);
    EXPECT_NEAR(next[1], std::tanh(2.5), 1e-7);
    EXPECT_NEAR(next[2], std::tanh(0.5), 1e-7);
    EXPECT_EQ(next[3], 0.625);
  }
}

TEST_P(RecurrentCells, RefuseWhatDoesNotFit) {
  EXPECT_EQ(refusal([] { lstm_cell(ones({8}), ones({2})); }),
            "lstm_cell: needs matrices for shape [8] and [2]");
  EXPECT_EQ(refusal([] {
              lstm_cell(ones({3, 8}), ones({4, 2}));
            }),
            "lstm_cell: needs 4 gates for each element of the state for shape [3, 8] and [4, 2]");
  EXPECT_EQ(refusal([] {
              lstm_cell(ones({3, 6}), ones({3, 2}));
            }),
            "lstm_cell: needs 4 gates for each element of the state for shape [3, 6] and [3, 2]");
  EXPECT_EQ(refusal([] {
              gru_cell(ones({3, 6}), ones({3, 8}), ones({3, 2}));
            }),
            "gru_cell: needs 3 gates for each element of the state for shape [3, 6] and [3, 8] and [3, 2]");
  EXPECT_EQ(refusal([] {
              gru_cell(ones({1, 6}), ones({3, 6}), ones({3, 2}));
            }),
            "gru_cell: needs 3 gates for each element of the state for shape [1, 6] and [3, 6] and [3, 2]");
  EXPECT_THROW(lstm_cell(ones({1, 4}, int64), ones({1, 1}, int64)), DTypeError);
}

}  // namespace
}  // namespace plugrad

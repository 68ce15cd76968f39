// cross_entropy and nll: which rows count, and what becomes of labels that are no class.
#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

class CrossEntropy : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, CrossEntropy, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

using Loss = Array (*)(const Array&, const Array&, int64_t);
constexpr Loss losses[] = {cross_entropy, nll};

Array scores() { return Array::from_data<double>({1, 2, 3, -1, 0, 4, 2, 2, 2}, {3, 3}); }
Array labels(std::initializer_list<int32_t> values) { return Array::from_data<int32_t>(values); }

Array gradient(Loss loss, const Array& x, const Array& y, int64_t ignore_index) {
  return grad([&](const Array& w) { return loss(w, y, ignore_index); })(x);
}

TEST_P(CrossEntropy, IsTheMeanOverTheRowsThatCount) {
  const Array x = scores();
  for (const Loss loss : losses) {
    const Array two = concat({slice(x, 0, 0, 1), slice(x, 0, 2, 3)}, 0);
    const double expected = loss(two, labels({2, 0}), no_ignore_index).item();
    EXPECT_NEAR(loss(x, labels({2, 1, 0}), 1).item(), expected, 1e-12);
    EXPECT_NEAR(loss(x, labels({2, -100, 0}), -100).item(), expected, 1e-12);
    EXPECT_NEAR(loss(x, cast(labels({2, -100, 0}), int64), -100).item(), expected, 1e-12);
  }
}

TEST_P(CrossEntropy, DoesNotReadRowsThatAreIgnored) {
  const double nan = std::nan("");
  const Array x = Array::from_data<double>({1, 2, nan, nan}, {2, 2});
  for (const Loss loss : losses) {
    const Array first = slice(x, 0, 0, 1);
    EXPECT_EQ(loss(x, labels({1, -1}), -1).item(), loss(first, labels({1}), no_ignore_index).item());
    const Array dx = gradient(loss, x, labels({1, -1}), -1);
    EXPECT_EQ(dx[1].to_vector<double>(), (std::vector<double>{0, 0}));
    EXPECT_EQ(dx[0].to_vector<double>(),
              gradient(loss, first, labels({1}), no_ignore_index).to_vector<double>());
    const ComposedGradients composed;
    EXPECT_EQ(gradient(loss, x, labels({1, -1}), -1)[1].to_vector<double>(), (std::vector<double>{0, 0}));
  }
}

TEST_P(CrossEntropy, OfNoRowsIsNaNWithAGradientOfZeros) {
  for (const Loss loss : losses) {
    EXPECT_TRUE(std::isnan(loss(scores(), labels({7, 7, 7}), 7).item()));
    const std::vector<double> none(9, 0.0);
    EXPECT_EQ(gradient(loss, scores(), labels({7, 7, 7}), 7).to_vector<double>(), none);
    {
      const ComposedGradients composed;
      EXPECT_EQ(gradient(loss, scores(), labels({7, 7, 7}), 7).to_vector<double>(), none);
    }
    EXPECT_TRUE(std::isnan(loss(zeros({0, 3}), cast(zeros({0}), int32), no_ignore_index).item()));
    EXPECT_TRUE(std::isnan(loss(zeros({0, 3}), cast(zeros({0}), int32), 1).item()));
  }
}

TEST_P(CrossEntropy, LabelsThatAreNoClassAreRefused) {
  for (const Loss loss : losses)
    for (const int32_t label : {-1, 3, -100}) {
      const std::string text = tests::message_of<ShapeError>([&] {
        loss(scores(), labels({0, label, 1}), no_ignore_index).item();
      });
      EXPECT_NE(text.find("index " + std::to_string(label) + " out of range for 3 classes"),
                std::string::npos)
          << text;
      EXPECT_THROW(loss(scores(), labels({0, label, 1}), 0).item(), ShapeError);
    }
  // The number that stands for "none is ignored" is no label to ignore.
  const Array least = Array::from_data<int64_t>({0, no_ignore_index, 1});
  for (const Loss loss : losses) EXPECT_THROW(loss(scores(), least, no_ignore_index).item(), ShapeError);
}

TEST_P(CrossEntropy, ShapesThatDoNotFitAreRefused) {
  const auto text = [](auto f) { return tests::message_of<ShapeError>(f); };
  EXPECT_EQ(text([] {
              cross_entropy(zeros({3}), labels({0, 0, 0}));
            }),
            "cross_entropy: needs a matrix of logits and a vector of labels for shape [3] and [3]");
  EXPECT_EQ(text([] {
              nll(zeros({3, 2}), reshape(labels({0, 0, 0}), Shape{3, 1}));
            }),
            "nll: needs a matrix of log-probabilities and a vector of labels for shape [3, 2] and [3, 1]");
  EXPECT_EQ(text([] {
              cross_entropy(zeros({3, 2}), labels({0, 0}));
            }),
            "cross_entropy: needs a label for each row for shape [3, 2] and [2]");
  EXPECT_THROW(cross_entropy(zeros({2, 2}), zeros({2})), DTypeError);
}

TEST_P(CrossEntropy, IsNllOfLogSoftmax) {
  set_seed(1);
  const Array x = 5 * normal({50, 7}, 0, 1, default_generator(), float64),
              y = cast(uniform({50}, 0, 7), int32);
  EXPECT_NEAR(cross_entropy(x, y, 3).item(), nll(log_softmax(x), y, 3).item(), 1e-12);
}

TEST_P(CrossEntropy, LargeLogitsDoNotOverflow) {
  const Array x = Array::from_data<float>({1e30f, 0, -1e30f, 0}, {2, 2});
  EXPECT_EQ(cross_entropy(x, labels({0, 1})).item(), 0);
  EXPECT_EQ(cross_entropy(x, labels({1, 1})).item(), 0.5e30f);
}

}  // namespace
}  // namespace plugrad

// dropout: when it does something, which elements it leaves out, and that its gradient leaves out the same.
#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

class Dropout : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Dropout, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

TEST_P(Dropout, DoesNothingOutsideTraining) {
  const Array x = uniform({5, 7});
  Generator g{3, 4};
  EXPECT_EQ(dropout(x, 0.5, g).storage(), x.storage());
  const TrainingMode on(true);
  EXPECT_EQ(dropout(x, 0, g).storage(), x.storage());
  EXPECT_EQ(g.offset, 4u);  // nothing was drawn
  const TrainingMode off(false);
  EXPECT_EQ(dropout(x, 1, g).storage(), x.storage());
}

TEST_P(Dropout, DrawsOnceACall) {
  const TrainingMode on(true);
  Generator g{3, 4}, same{3, 4};
  const Array x = ones({100});
  const auto first = dropout(x, 0.5, g).to_vector<float>(), second = dropout(x, 0.5, g).to_vector<float>();
  EXPECT_EQ(g.offset, 6u);
  EXPECT_NE(first, second);
  EXPECT_EQ(dropout(x, 0.5, same).to_vector<float>(), first);
}

TEST_P(Dropout, WithCertaintyLeavesZeros) {
  const TrainingMode on(true);
  EXPECT_EQ(dropout(ones({9}), 1).to_vector<float>(), std::vector<float>(9, 0.0F));
}

TEST_P(Dropout, RefusesWhatIsNoProbability) {
  for (const bool training : {false, true}) {
    const TrainingMode mode(training);
    for (const double p : {-0.1, 1.1, std::nan("")}) EXPECT_THROW(dropout(ones({2}), p), ShapeError) << p;
  }
  EXPECT_EQ(tests::message_of<ShapeError>([] { dropout(ones({2}), 1.5); }), "dropout: 1.5 is no probability");
  const TrainingMode on(true);
  EXPECT_THROW(dropout(cast(ones({2}), int32), 0.5), DTypeError);
}

TEST_P(Dropout, KeepsTheMean) {
  const TrainingMode on(true);
  constexpr int64_t n = 100000;
  for (const double p : {0.1, 0.5, 0.9}) {
    Generator g{11, 0};
    const Array y = dropout(ones({n}), p, g);
    const double kept = 1 / (1 - p), dropped = sum(cast(equal(y, 0), float64)).item();
    EXPECT_EQ(max(y).item<float>(), static_cast<float>(kept));
    EXPECT_NEAR(dropped, n * p, 5 * std::sqrt(n * p * (1 - p)));  // five standard deviations
    EXPECT_NEAR(mean(y).item(), 1, 5 * std::sqrt(p / (1 - p) / n));
  }
}

// One mask on every backend, for either dtype, and however x lies in memory.
TEST_P(Dropout, TheMaskIsAFunctionOfSeedOffsetAndElement) {
  const TrainingMode on(true);
  const auto mask = [](const Array& x) {
    Generator g{5, 6};
    return dropout(x, 0.3, g).to_vector<float>();
  };
  const auto here = mask(ones({13, 11}));
  EXPECT_EQ(here, mask(transpose(ones({11, 13}))));
  Generator g{5, 6};
  EXPECT_EQ(cast(dropout(cast(ones({13, 11}), float64), 0.3, g), float32).to_vector<float>(), here);
  set_default_device("reference");
  EXPECT_EQ(here, mask(ones({13, 11})));
}

TEST_P(Dropout, TheGradientHasTheSameMask) {
  const TrainingMode on(true);
  const Array x = cast(uniform({40}, 1, 2), float64);
  const auto total = [](const Array& w) {
    Generator g{8, 9};
    return sum(dropout(w, 0.4, g) * dropout(w, 0.4, g));
  };
  Generator g{8, 9};
  const Array one = cast(ones({40}), float64), a = dropout(one, 0.4, g), b = dropout(one, 0.4, g);
  const auto near = [](const Array& got, const Array& expected) {
    return max(abs(got - expected)).item() < 1e-12;
  };
  EXPECT_TRUE(near(grad(total)(x), 2 * a * b * x));
  EXPECT_TRUE(near(grad([&](const Array& w) { return sum(grad(total)(w)); })(x), 2 * a * b));
}

}  // namespace
}  // namespace plugrad

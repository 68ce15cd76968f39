// Activation functions: digits far from the bend, and which derivative counts at a kink.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <string_view>

#include "plugrad/core/tape.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class Activation : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Activation, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

using Function = std::function<Array(const Array&)>;

double derivative(const Function& f, double x) {
  return grad([&](const Array& v) { return sum(f(v)); })(Array::from_data<double>({x}, {1}))[0].item();
}

// ---- kinks ----

struct Kink {
  std::string_view name;
  Function f;
  double x, slope;
};
// By PyTorch 2.15, float64.
const std::vector<Kink> kinks = {{"relu", relu, 0, 0},
                                 {"leaky_relu", [](const Array& x) { return leaky_relu(x, 0.25); }, 0, 0.25},
                                 {"elu", [](const Array& x) { return elu(x, 0.5); }, 0, 0.5},
                                 {"selu", selu, 0, 1.7580993408473769},
                                 {"hardsigmoid", hardsigmoid, -3, 0},
                                 {"hardsigmoid", hardsigmoid, 3, 0},
                                 {"hardswish", hardswish, -3, 0},
                                 {"hardswish", hardswish, 3, 1}};

TEST_P(Activation, DerivativeAtAKinkIsPyTorchs) {
  for (const bool composed : {false, true}) {
    std::optional<ComposedGradients> scope;
    if (composed) scope.emplace();
    for (const Kink& k : kinks) EXPECT_NEAR(derivative(k.f, k.x), k.slope, 1e-15) << k.name << " at " << k.x;
  }
}

TEST_P(Activation, SecondDerivativeOfEluAtItsKink) {
  const Function first = [](const Array& x) {
    return grad([](const Array& v) { return sum(elu(v, 0.5)); })(x);
  };
  EXPECT_EQ(derivative(first, 0), 0.5);
}

// ---- far from the bend ----

struct Tail {
  const char* name;
  Function f;
  double x, y;
};
// By mpmath, in 50 digits.
const std::vector<Tail> tails = {
    {"softplus", softplus, -80, 1.8048513878454152e-35},
    {"softplus", softplus, 300, 300},
    {"log_sigmoid", log_sigmoid, 80, -1.8048513878454152e-35},
    {"log_sigmoid", log_sigmoid, -300, -300},
    {"elu", [](const Array& x) { return elu(x); }, -1e-12, -9.9999999999949998e-13},
    {"selu", selu, -1e-12, -1.7580993408464978e-12},
    {"silu", silu, -80, -1.4438811102763321e-33},
    {"silu", silu, 1e30, 1e30},
    {"mish", mish, -80, -1.4438811102763321e-33},
    {"mish", mish, 1e30, 1e30},
    {"gelu", [](const Array& x) { return gelu(x); }, -12, -2.1317785344932148e-32},
    {"gelu", [](const Array& x) { return gelu(x); }, 1e30, 1e30},
    {"gelu, tanh", [](const Array& x) { return gelu(x, GeluForm::tanh); }, -6, -8.4396467007623035e-11},
    {"hardsigmoid", hardsigmoid, 1e30, 1}};

TEST_P(Activation, KeepsItsDigitsFarFromTheBend) {
  for (const Tail& t : tails)
    for (const DType dtype : {float32, float64}) {
      const double got = cast(t.f(cast(Array::from_data<double>({t.x}, {1}), dtype)), float64)[0].item();
      EXPECT_NEAR(got, t.y, (dtype == float32 ? 1e-5 : 1e-13) * std::abs(t.y)) << t.name << " at " << t.x;
    }
}

TEST_P(Activation, OfIntegersIsFloat32ButReluKeepsThem) {
  const Array x = Array::from_data<int32_t>({-1, 0, 2}, {3});
  for (const Kink& k : kinks) EXPECT_EQ(k.f(x).dtype(), k.name == "relu" ? int32 : float32) << k.name;
}

}  // namespace
}  // namespace plugrad

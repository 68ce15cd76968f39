// The five models train on the cuda backend as they do on the reference backend, and no update waits for the
// device.
//
// Bounds: each loss within relative 1e-4 of the reference backend's; both compute in float32, and the losses
// of neighbouring updates feed on each other's rounding.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "plugrad/core/backend.h"
#include "plugrad/tests/cuda/emulation.h"
#include "plugrad/tests/cuda/small_models.h"

namespace plugrad::tests {
namespace {

constexpr double bound = 1e-4;

class CudaModels : public testing::TestWithParam<const char*> {
 protected:
  CudaModels() {
    load_backend("reference");
    load_backend("cuda");
  }
  const Device cuda_ = parse_device("cuda"), reference_ = parse_device("reference");
};
INSTANTIATE_TEST_SUITE_P(All, CudaModels, testing::ValuesIn(small_models),
                         [](const auto& model) { return std::string(model.param); });

TEST_P(CudaModels, TrainAsOnReference) {
  const int updates = std::string(GetParam()) == "LeNet" ? 2 : 6;
  const Step expected = small_training(GetParam(), reference_), got = small_training(GetParam(), cuda_);
  for (int i = 0; i < updates; ++i) {
    const double loss = expected().item();
    EXPECT_NEAR(got().item(), loss, bound * std::abs(loss)) << "update " << i;
  }
}

// Kernels that one update puts on the stream; it is to fall, never to rise.
const std::map<std::string, uint64_t> most_launches{
    {"Housing", 11}, {"Softmax", 8}, {"Mlp", 14}, {"LeNet", 30}, {"CharLm", 222}};

TEST_P(CudaModels, DoNotWaitForTheDevice) {
  PLUGRAD_NEEDS_EMULATION();
  const Step step = small_training(GetParam(), cuda_);
  for (int i = 0; i < 3; ++i) step();
  const auto counters = [] {
    return std::map<std::string, uint64_t>{{"launches", emulation_counter("launches")},
                                           {"library_calls", emulation_counter("library_calls")},
                                           {"synchronisations", emulation_counter("synchronisations")},
                                           {"allocations", emulation_counter("allocations")}};
  };
  const auto before = counters();
  const Array loss = step();
  auto after = counters();
  for (const auto& [name, n] : before) {
    after[name] -= n;
    RecordProperty(name, static_cast<int>(after[name]));
  }
  EXPECT_EQ(after["synchronisations"], 0u);
  EXPECT_EQ(after["allocations"], 0u);
  EXPECT_LE(after["launches"], most_launches.at(GetParam()));
  EXPECT_TRUE(std::isfinite(loss.item()));
}

}  // namespace
}  // namespace plugrad::tests

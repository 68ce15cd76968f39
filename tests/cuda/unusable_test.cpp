// GPUs that cannot serve, brought about by the emulation: none there, a driver too old, a GPU too old. Each
// is told in its own words, and the process goes on with cpu. One case a process: what CUDA finds first is
// final.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/cuda/emulation.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CudaUnusable : public testing::Test {
 protected:
  void SetUp() override {
    PLUGRAD_NEEDS_EMULATION();
    load_backend("cuda");
  }
  void TearDown() override {
    EXPECT_EQ(to_string(default_device()), "cpu");
    EXPECT_EQ(sum(Array::from_data<float>({1, 2})).item(), 3);
  }
  // What is said to those who ask for the device, and to those who use it unasked.
  static void expect_words(const testing::Matcher<std::string>& asked,
                           const testing::Matcher<std::string>& used) {
    EXPECT_THAT(message_of<DeviceError>([] { set_default_device("cuda"); }), asked);
    const Array x = Array::from_data<float>({1, 2});
    EXPECT_THAT(message_of<DeviceError>([&] { x.to(parse_device("cuda")); }), used);
  }
};

TEST_F(CudaUnusable, WithoutAGpu) {
  EXPECT_EQ(device_count("cuda"), 0);
  expect_words(HasSubstr("backend cuda has 0 devices"), HasSubstr("there is no GPU 0, but 0 in all"));
}

TEST_F(CudaUnusable, WithAnOldDriver) {
  const auto words = AllOf(HasSubstr("cudaGetDeviceCount: "), HasSubstr("driver version is insufficient"),
                           HasSubstr("install an NVIDIA driver for CUDA 13 or newer"));
  expect_words(words, words);
}

TEST_F(CudaUnusable, WithAnOldGpu) {
  const auto words = AllOf(HasSubstr("has compute capability 6.1"), HasSubstr("needs 7.5 or newer"));
  EXPECT_EQ(device_count("cuda"), 1);
  set_default_device("cuda");
  EXPECT_THAT(message_of<DeviceError>([] { Array::from_data<float>({1, 2}); }), words);
  set_default_device("cpu");
  EXPECT_THAT(message_of<DeviceError>([] { Array::from_data<float>({1}).to(parse_device("cuda")); }), words);
}

}  // namespace
}  // namespace plugrad::tests

// The cuda backend against NVIDIA's own libraries where there is no driver: it loads, says what is missing,
// and leaves the process as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(CudaWithoutADriver, SaysSoAndLeavesCpuUsable) {
  load_backend("cuda");
  try {
    device_count("cuda");
    GTEST_SKIP() << "there is a driver";
  } catch (const DeviceError&) {
  }
  const auto words =
      AllOf(HasSubstr("cudaGetDeviceCount: "), HasSubstr("driver"), HasSubstr("choose another backend"));
  EXPECT_THAT(message_of<DeviceError>([] { device_count("cuda"); }), words);
  EXPECT_THAT(message_of<DeviceError>([] { set_default_device("cuda"); }), words);
  const Array x = Array::from_data<float>({1, 2});
  EXPECT_THAT(message_of<DeviceError>([&] { x.to(parse_device("cuda")); }), words);
  EXPECT_EQ(to_string(default_device()), "cpu");
  EXPECT_EQ(sum(x).item(), 3);
}

}  // namespace
}  // namespace plugrad::tests

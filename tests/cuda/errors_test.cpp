// What a user is told when a GPU cannot serve: each cause in its own words, and the process goes on with cpu.
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/cuda/emulation.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class CudaErrors : public testing::Test {
 protected:
  void SetUp() override {
    PLUGRAD_NEEDS_EMULATION();
    load_backend("cuda");
  }
  const Device cuda_ = parse_device("cuda");
};

Array on(Device device, std::vector<float> values) {
  const Shape shape{static_cast<int64_t>(values.size())};
  return Array::from_data(std::span<const float>(values), shape, device);
}

TEST_F(CudaErrors, OfALaunchNameOpCallAndTheLibrarysText) {
  const Array x = on(cuda_, {1, 2});
  fail_later("cudaLaunchKernel", 1, cudaErrorLaunchOutOfResources);
  EXPECT_THAT(message_of<DeviceError>([&] { exp(x); }),
              AllOf(StartsWith("exp on cuda:0: cudaLaunchKernel: "), HasSubstr("too many resources")));
  EXPECT_EQ(exp(on(cuda_, {0, 0})).to_vector<float>(), (std::vector<float>{1, 1}))
      << "the next call is none the worse";
}

TEST_F(CudaErrors, OfCublasAndCudnnDoToo) {
  const Array x = reshape(on(cuda_, {1, 2, 3, 4}), {2, 2});
  matmul(x, x);
  fail_later("cublasSgemm_64", 1, CUBLAS_STATUS_EXECUTION_FAILED);
  EXPECT_THAT(message_of<DeviceError>([&] { matmul(x, x); }),
              AllOf(StartsWith("matmul on cuda:0: cublasSgemm_64: "), HasSubstr("failed to launch")));
  const Array image =
      Array::from_data(std::span<const float>(std::vector<float>(16, 1)), {1, 1, 4, 4}, cuda_);
  conv2d(image, image);
  fail_later("cudnnConvolutionForward", 1, CUDNN_STATUS_EXECUTION_FAILED);
  EXPECT_THAT(message_of<DeviceError>([&] { conv2d(image, image); }),
              StartsWith("conv2d on cuda:0: cudnnConvolutionForward: CUDNN_STATUS_EXECUTION_FAILED"));
}

TEST_F(CudaErrors, OfMemorySayWhatWasAskedAndWhatThereIs) {
  const std::string message =
      message_of<DeviceError>([&] { Array::empty(Shape{int64_t{1} << 40}, float32, cuda_); });
  EXPECT_THAT(message, AllOf(StartsWith("cuda:0: out of memory: 4398046511104 bytes"), HasSubstr("free"),
                             HasSubstr("held"), HasSubstr("cached")));
  EXPECT_EQ(on(cuda_, {1}).item(), 1) << "the device serves on";
}

TEST_F(CudaErrors, OfMemoryAreRetriedWithTheCacheEmptied) {
  release_cached_memory(cuda_);
  { const Array kept_by_the_cache = Array::empty(Shape{3 << 20}, float32, cuda_); }
  ASSERT_GT(memory_statistics(cuda_).cached, 0);
  fail_later("cudaMalloc", 1, cudaErrorMemoryAllocation);
  EXPECT_NO_THROW(Array::empty(Shape{16 << 20}, float32, cuda_));
}

TEST_F(CudaErrors, OfIndicesComeWithTheValues) {
  const Array rows = reshape(on(cuda_, {1, 2, 3, 4}), {2, 2});
  const std::vector<int64_t> bad{0, 7};
  const Array index = Array::from_data(std::span<const int64_t>(bad), {2}, cuda_);
  const Array y = embedding(rows, index);
  EXPECT_THAT(message_of<ShapeError>([&] { y.to_vector<float>(); }),
              HasSubstr("index 7 out of range for 2 rows"));
  EXPECT_EQ(rows.to_vector<float>(), (std::vector<float>{1, 2, 3, 4})) << "said once";
  embedding(rows, index);
  EXPECT_THROW(synchronize(cuda_), ShapeError);
}

TEST_F(CudaErrors, OfADeviceThatIsNotThere) {
  EXPECT_THAT(message_of<DeviceError>([&] { on(parse_device("cuda:9"), {1}); }),
              HasSubstr("there is no GPU 9"));
  EXPECT_THAT(message_of<DeviceError>([&] { set_default_device("cuda:9"); }), HasSubstr("cuda has 1 device"));
}

TEST_F(CudaErrors, LeaveCpuUsable) {
  set_default_device("cpu");
  fail_later("cudaLaunchKernel", 1, cudaErrorUnknown);
  const Array x = on(cuda_, {1, 2});
  EXPECT_THROW(exp(x), DeviceError);
  EXPECT_EQ(sum(Array::from_data<float>({1, 2})).item(), 3);
}

}  // namespace
}  // namespace plugrad::tests

// Who computes convolutions on cuda: cuDNN with the groups that it is told of, and where it has no way,
// kernels of our own, with the same result.
#include <cudnn.h>
#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/cuda/emulation.h"

namespace plugrad::tests {
namespace {

class CudaConvolution : public testing::Test {
 protected:
  void SetUp() override {
    PLUGRAD_NEEDS_EMULATION();
    load_backend("cuda");
  }
  const Device cuda_ = parse_device("cuda");
};

// One shape for each test: how it is computed is decided once.
struct Case {
  Shape x, weight;
  Conv2dOptions options;
};

// y, and the gradients of sum(y * y) in x and weight.
std::vector<std::vector<double>> results(const Case& c, Device device) {
  const auto values = [&](const Shape& shape, double step) {
    std::vector<double> v;
    for (int64_t i = 0; i < shape.size(); ++i) v.push_back(std::sin(step * static_cast<double>(i + 1)));
    return Array::from_data(std::span<const double>(v), shape, device);
  };
  const std::vector<Array> in = {values(c.x, 0.7), values(c.weight, 1.3)};
  const auto loss = [&](const std::vector<Array>& v) {
    const Array y = conv2d(v[0], v[1], c.options);
    return sum(y * y);
  };
  const std::vector<Array> gradient = grad(loss)(in);
  return {conv2d(in[0], in[1], c.options).to_vector<double>(), gradient[0].to_vector<double>(),
          gradient[1].to_vector<double>()};
}

void expect_reference(const std::vector<std::vector<double>>& got, const Case& c) {
  load_backend("reference");
  const auto want = results(c, parse_device("reference"));
  for (size_t k = 0; k < want.size(); ++k) {
    ASSERT_EQ(got[k].size(), want[k].size());
    for (size_t i = 0; i < want[k].size(); ++i) ASSERT_NEAR(got[k][i], want[k][i], 1e-11) << k << " at " << i;
  }
}

TEST_F(CudaConvolution, InGroupsIsCudnns) {
  const Case c{{2, 6, 5, 4}, {4, 3, 3, 2}, {.stride = {2, 1}, .padding = {1, 1}, .groups = 2}};
  results(c, cuda_);
  const uint64_t before = emulation_counter("library_calls");
  const auto got = results(c, cuda_);
  EXPECT_EQ(emulation_counter("library_calls"), before + 4) << "two forward, and one for each gradient";
  expect_reference(got, c);
}

TEST_F(CudaConvolution, IsOursWhereCudnnHasNoWay) {
  const Case c{
      {2, 6, 6, 5}, {9, 2, 3, 2}, {.stride = {1, 2}, .padding = {1, 0}, .dilation = {2, 1}, .groups = 3}};
  for (const char* call :
       {"cudnnGetConvolutionForwardAlgorithm_v7", "cudnnGetConvolutionBackwardDataAlgorithm_v7",
        "cudnnGetConvolutionBackwardFilterAlgorithm_v7"})
    fail_later(call, 1, CUDNN_STATUS_NOT_SUPPORTED);
  const uint64_t before = emulation_counter("library_calls");
  expect_reference(results(c, cuda_), c);
  EXPECT_EQ(emulation_counter("library_calls"), before);
}

}  // namespace
}  // namespace plugrad::tests

// Arrays on a GPU: copies, statistics, the cache, gradients through .to(device), and threads.
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "plugrad/core/grad.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/cuda/emulation.h"

namespace plugrad::tests {
namespace {

class CudaMemory : public testing::Test {
 protected:
  void SetUp() override { load_backend("cuda"); }
  const Device cuda_ = parse_device("cuda"),
               reference_ = (load_backend("reference"), parse_device("reference"));

  Array numbers(int64_t n) const {
    std::vector<float> values(static_cast<size_t>(n));
    std::iota(values.begin(), values.end(), 0.0F);
    return Array::from_data(std::span<const float>(values), {n}, reference_);
  }
};

TEST_F(CudaMemory, TakesAndGivesBackValues) {
  for (const int64_t n :
       {int64_t{0}, int64_t{1}, int64_t{1000}, (int64_t{5} << 20) + 3}) {  // the last: in parts
    const Array x = numbers(n), y = x.to(cuda_);
    EXPECT_EQ(to_string(y.device()), "cuda:0");
    EXPECT_EQ(y.to_vector<float>(), x.to_vector<float>());
  }
}

TEST_F(CudaMemory, IsReusedFromTheSecondStepOn) {
  const Array x = numbers(5000).to(cuda_);
  const auto step = [&] { return sum(square(x) + exp(-x)).item(); };
  const double first = step();
  const MemoryStatistics before = memory_statistics(cuda_);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(step(), first);
  const MemoryStatistics after = memory_statistics(cuda_);
  EXPECT_EQ(after.upstream_allocations, before.upstream_allocations);
  EXPECT_GT(after.allocations, before.allocations);
  EXPECT_EQ(after.in_use, before.in_use);
}

TEST_F(CudaMemory, IsGivenBackWhenAsked) {
  { const Array x = numbers(5000).to(cuda_); }
  release_cached_memory(cuda_);
  const MemoryStatistics s = memory_statistics(cuda_);
  { const Array big = Array::empty(Shape{8 << 20}, float32, cuda_); }
  EXPECT_GT(memory_statistics(cuda_).held, s.held);
  release_cached_memory(cuda_);
  EXPECT_EQ(memory_statistics(cuda_).held, s.held);
  EXPECT_GE(memory_statistics(cuda_).peak_in_use, int64_t{32} << 20);
}

TEST_F(CudaMemory, CanBeDifferentiatedThrough) {
  const auto f = [this](const Array& x) { return sum(square(x.to(cuda_))).to(reference_); };
  const Array g = grad(f)(numbers(4));
  EXPECT_EQ(to_string(g.device()), "reference");
  EXPECT_EQ(g.to_vector<float>(), (std::vector<float>{0, 2, 4, 6}));
}

TEST_F(CudaMemory, OfOneThreadIsSeenByAnother) {
  Array y;
  std::thread([&] { y = exp(numbers(2000).to(cuda_)) * 0.0F + numbers(2000).to(cuda_); }).join();
  const Array z = y + y;  // on this thread's stream
  std::thread([&] { y = z * 2.0F; }).join();
  const std::vector<float> got = y.to_vector<float>();
  for (size_t i = 0; i < 80; ++i) EXPECT_EQ(got[i], 4 * static_cast<float>(i));
}

TEST_F(CudaMemory, OfTwoThreadsAtOnceStaysTheirs) {
  std::vector<std::thread> threads;
  std::vector<double> sums(4);
  for (size_t t = 0; t < sums.size(); ++t)
    threads.emplace_back([&, t] {
      const Array x = numbers(300).to(cuda_);
      for (int i = 0; i < 5; ++i) sums[t] = sum(x * static_cast<double>(t)).item();
    });
  for (std::thread& t : threads) t.join();
  for (size_t t = 0; t < sums.size(); ++t) EXPECT_EQ(sums[t], 44850.0 * static_cast<double>(t));
}

TEST_F(CudaMemory, PrintsAsElsewhere) { EXPECT_EQ(to_string(numbers(3).to(cuda_)), to_string(numbers(3))); }

}  // namespace
}  // namespace plugrad::tests

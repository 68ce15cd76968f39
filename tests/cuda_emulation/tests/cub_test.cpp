// NVIDIA CUB's block and warp algorithms run correctly, and without a report.
#include <algorithm>
#include <numeric>

#include "plugrad/tests/cuda_emulation/tests/emulation_test.h"
#include "plugrad/tests/cuda_emulation/tests/kernels.h"

namespace {

class Cub : public EmulationTest {
 protected:
  static std::vector<int> integers(size_t n) {
    std::vector<int> values(n);
    for (size_t i = 0; i < n; ++i) values[i] = static_cast<int>(i * 7919 % 1009) - 500;
    return values;
  }
};

TEST_F(Cub, BlockReduce) {
  in_every_order([] {
    const auto a = random_numbers(512);
    const DeviceArray<float> x(a), out(1);
    for (int algorithm = 0; algorithm < 3; ++algorithm) {
      kernels::cub_block_reduce(x.get(), out.get(), algorithm);
      EXPECT_NEAR(out.values()[0], std::accumulate(a.begin(), a.end(), 0.0), 1e-4) << algorithm;
    }
  });
}

TEST_F(Cub, BlockScan) {
  in_every_order([] {
    const auto a = integers(512);
    std::vector<int> expected(512);
    std::partial_sum(a.begin(), a.end(), expected.begin());
    const DeviceArray<int> x(a), out(512);
    for (int algorithm = 0; algorithm < 3; ++algorithm) {
      kernels::cub_block_scan(x.get(), out.get(), algorithm);
      EXPECT_EQ(out.values(), expected) << algorithm;
    }
  });
}

TEST_F(Cub, WarpReduce) {
  in_every_order([] {
    const auto a = integers(128);
    const DeviceArray<int> x(a), out(4);
    kernels::cub_warp_reduce(x.get(), out.get());
    for (size_t w = 0; w < 4; ++w)
      EXPECT_EQ(out.values()[w], std::accumulate(a.begin() + 32 * static_cast<int>(w),
                                                 a.begin() + 32 * static_cast<int>(w + 1), 0));
  });
}

TEST_F(Cub, BlockRadixSort) {
  in_every_order([] {
    auto a = integers(512);
    const DeviceArray<int> x(a);
    kernels::cub_block_sort(x.get());
    std::sort(a.begin(), a.end());
    EXPECT_EQ(x.values(), a);
  });
}

TEST_F(Cub, BlockLoadAndStore) {
  in_every_order([] {
    auto a = integers(512);
    const DeviceArray<int> x(a), out(512);
    kernels::cub_block_load_store(x.get(), out.get());
    for (int& v : a) v = 3 * v + 1;
    EXPECT_EQ(out.values(), a);
  });
}

TEST_F(Cub, BlockReduceOfPairs) {
  in_every_order([] {
    auto a = random_numbers(300);
    a[77] = a[211] = 5;
    const DeviceArray<float> x(a);
    const DeviceArray<int> out(1);
    kernels::cub_block_argmax(x.get(), 300, out.get());
    EXPECT_EQ(out.values()[0], 77);
  });
}

}  // namespace

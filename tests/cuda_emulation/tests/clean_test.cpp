// Correct kernels give correct results, and no report, in every order of blocks, threads and streams.
#include <cmath>
#include <numeric>

#include "plugrad/tests/cuda_emulation/tests/emulation_test.h"
#include "plugrad/tests/cuda_emulation/tests/kernels.h"

namespace {

class Clean : public EmulationTest {};

TEST_F(Clean, Add) {
  in_every_order([] {
    for (const size_t n : {1u, 31u, 256u, 257u, 3000u}) {
      const auto a = random_numbers(n), b = random_numbers(n);
      const DeviceArray<float> x(a), y(b), z(n);
      kernels::add(x.get(), y.get(), z.get(), static_cast<int64_t>(n), nullptr);
      const auto sum = z.values();
      for (size_t i = 0; i < n; ++i) ASSERT_EQ(sum[i], a[i] + b[i]);
    }
  });
}

TEST_F(Clean, SumByShufflesAndSharedMemory) {
  in_every_order([] {
    for (const size_t n : {1u, 31u, 256u, 257u, 3000u}) {
      const auto a = random_numbers(n);
      const DeviceArray<float> x(a), partial(64), out(1);
      kernels::sum(x.get(), partial.get(), out.get(), static_cast<int64_t>(n), nullptr);
      EXPECT_NEAR(out.values()[0], std::accumulate(a.begin(), a.end(), 0.0), 1e-3);
    }
  });
}

TEST_F(Clean, TransposeThroughATile) {
  in_every_order([] {
    for (const auto& [rows, columns] : {std::pair{1, 1}, {33, 65}, {64, 32}}) {
      const auto n = static_cast<size_t>(rows * columns);
      const auto a = random_numbers(n);
      const DeviceArray<float> x(a), y(n);
      kernels::transpose(x.get(), y.get(), rows, columns, nullptr);
      const auto t = y.values();
      for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c)
          ASSERT_EQ(t[static_cast<size_t>(c * rows + r)], a[static_cast<size_t>(r * columns + c)]);
    }
  });
}

TEST_F(Clean, ScatterByAtomics) {
  in_every_order([] {
    const size_t n = 1000;
    const auto a = random_numbers(n);
    std::vector<int64_t> index(n);
    std::vector<double> expected(7);
    for (size_t i = 0; i < n; ++i) {
      index[i] = static_cast<int64_t>(i * i % 7);
      expected[static_cast<size_t>(index[i])] += a[i];
    }
    const DeviceArray<float> x(a), out(std::vector<float>(7, 0));
    const DeviceArray<int64_t> where(index);
    kernels::scatter_add(x.get(), where.get(), out.get(), n, nullptr);
    for (size_t i = 0; i < 7; ++i) EXPECT_NEAR(out.values()[i], expected[i], 1e-3);
  });
}

TEST_F(Clean, SoftmaxInDynamicSharedMemory) {
  in_every_order([] {
    const int rows = 5, columns = 77;
    const auto a = random_numbers(rows * columns, -4, 4);
    const DeviceArray<float> x(a), y(rows * columns);
    kernels::softmax(x.get(), y.get(), rows, columns, nullptr);
    const auto p = y.values();
    for (size_t r = 0; r < rows; ++r) {
      double sum = 0;
      for (size_t c = 0; c < columns; ++c) sum += std::exp(double{a[r * columns + c]});
      for (size_t c = 0; c < columns; ++c)
        ASSERT_NEAR(p[r * columns + c], std::exp(double{a[r * columns + c]}) / sum, 1e-6);
    }
  });
}

TEST_F(Clean, NeighbouringBytesOfOneWord) {
  in_every_order([] {
    const DeviceArray<unsigned char> out(1000);
    for (int twice = 0; twice < 2; ++twice) kernels::fill_bytes(out.get(), 1000, nullptr);
    const auto bytes = out.values();
    for (size_t i = 0; i < bytes.size(); ++i) ASSERT_EQ(bytes[i], static_cast<unsigned char>(7 * i));
  });
}

TEST_F(Clean, WarpsExchangeThroughSharedMemory) {
  in_every_order([] {
    std::vector<int> a(64);
    std::iota(a.begin(), a.end(), 0);
    const DeviceArray<int> x(a), y(64);
    kernels::warp_reverse(x.get(), y.get(), nullptr);
    const auto out = y.values();
    for (size_t i = 0; i < 64; ++i) EXPECT_EQ(out[i], static_cast<int>(i / 32 * 32 + 31 - i % 32) + 2);
  });
}

TEST_F(Clean, WarpPrimitives) {
  in_every_order([] {
    const DeviceArray<int> out(32 * 8);
    kernels::warp_primitives(out.get(), nullptr);
    const auto v = out.values();
    for (int lane = 0; lane < 32; ++lane) {
      const int* mine = v.data() + 8 * lane;
      EXPECT_EQ(mine[0], lane ^ 3);
      EXPECT_EQ(mine[1], lane < 2 ? lane : lane - 2);
      EXPECT_EQ(mine[2], 0x49249249);
      EXPECT_EQ(mine[3], 3);
      EXPECT_EQ(mine[4], static_cast<int>(0xfu << (lane / 4 * 4)));
      EXPECT_EQ(mine[5], lane < 8 ? (7 - lane) * 10 : lane % 8 == 7 ? lane : lane + 1);
      EXPECT_EQ(mine[6], 32);
      EXPECT_EQ(mine[7], 6);
    }
  });
}

TEST_F(Clean, FunctionsLocalArraysAndSwitches) {
  const size_t n = 40;
  const auto a = random_numbers(n);
  const DeviceArray<float> x(a), y(n);
  kernels::call_functions(x.get(), y.get(), n, nullptr);
  const auto out = y.values();
  for (size_t i = 0; i < n; ++i) {
    std::vector<float> values(8);
    for (size_t k = 0; k < 8; ++k) values[k] = a[(i + k) % n];
    std::iter_swap(values.begin(),
                   std::max_element(values.begin(), values.begin() + 1 + static_cast<int>(i % 8)));
    const float v = values[0];
    const float expected[] = {v, 2 * v, v * (v * (v * 1)), -v, values[i % 8]};
    EXPECT_EQ(out[i], expected[i % 5]) << i;
  }
}

TEST_F(Clean, PackedHalves) {
  const uint16_t one = 0x3c00, two = 0x4000, three = 0x4200, five = 0x4500;
  const DeviceArray<uint16_t> x(std::vector<uint16_t>(512, one)), y(std::vector<uint16_t>(512, two)), z(512);
  kernels::add_halves(x.get(), y.get(), z.get(), 512, nullptr);
  EXPECT_EQ(z.values(), std::vector<uint16_t>(512, five)) << "1 * 2 + (1 + 2)" << three;
}

TEST_F(Clean, ConstantAndGlobalVariables) {
  const DeviceArray<float> out(4);
  kernels::use_symbols(out.get(), nullptr);
  EXPECT_EQ(out.values(), (std::vector<float>{11, 22, 33, 44}));
  const float other[] = {5, 6, 7, 8};
  kernels::set_symbol(other);
  kernels::use_symbols(out.get(), nullptr);
  EXPECT_EQ(out.values(), (std::vector<float>{15, 26, 37, 48}));
  const float original[] = {1, 2, 3, 4};
  kernels::set_symbol(original);
}

TEST_F(Clean, ActiveMaskIsTheLanesThatGotThere) {
  in_every_order([] {
    const DeviceArray<unsigned> out(32);
    kernels::active_mask(out.get(), nullptr);
    const auto masks = out.values();
    for (size_t i = 0; i < 32; ++i) EXPECT_EQ(masks[i], i % 2 ? 0xaaaaaaaa : 0);
  });
}

TEST_F(Clean, BarriersThatCount) {
  const DeviceArray<int> out(64);
  kernels::block_votes(out.get(), nullptr);
  EXPECT_EQ(out.values(), std::vector<int>(64, 3201));
}

TEST_F(Clean, ThreadsMakeProgressWhileOthersSpin) {
  const DeviceArray<int> out(64);
  kernels::wait_for_other_thread(out.get(), nullptr);
  EXPECT_EQ(out.values(), std::vector<int>(64, 1));
}

}  // namespace

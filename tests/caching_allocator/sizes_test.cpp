// Which block a request gets: classes of sizes, splitting, best fit, joining.
#include "plugrad/tests/caching_allocator/test_allocator.h"

namespace plugrad::tests {
namespace {

class Sizes : public testing::Test, protected TestAllocator {
 protected:
  void TearDown() override { EXPECT_THAT(device.violations(), testing::IsEmpty()); }
  // The sizes of the segments had from upstream while f ran, added up.
  template <class F>
  size_t grown_by(F&& f) {
    const size_t before = device.used();
    f();
    return device.used() - before;
  }
};

TEST_F(Sizes, AreRoundedTo512Bytes) {
  size_t expected = 0, requested = 0;
  std::vector<char*> blocks;
  for (const size_t bytes : {size_t{1}, size_t{511}, size_t{512}, size_t{513}, size_t{100'000}}) {
    blocks.push_back(allocate(0, bytes));
    expected += (bytes + 511) / 512 * 512;
    requested += bytes;
    EXPECT_EQ(statistics().in_use, expected);
    EXPECT_EQ(statistics().requested, requested);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(blocks.back()) % 512, 0u);
  }
  for (char* block : blocks) EXPECT_TRUE(allocator.deallocate(block));
  expect_all_comes_back();
}

TEST_F(Sizes, NoBytesHaveAnAddressOfTheirOwn) {
  char* a = allocate(0, 0);
  char* b = allocate(0, 0);
  EXPECT_NE(a, nullptr);
  EXPECT_NE(a, b);
  EXPECT_EQ(statistics().requested, 0u);
  EXPECT_EQ(statistics().in_use, 1024u);
  allocator.deallocate(a);
  EXPECT_EQ(allocate(0, 0), a);
}

TEST_F(Sizes, SmallRequestsFillOneSegment) {
  EXPECT_EQ(grown_by([&] {
              for (int i = 0; i < 4096; ++i) allocate(0, 512);
            }),
            2 * mebibyte);
  EXPECT_EQ(statistics().cached, 0u);
  EXPECT_EQ(grown_by([&] { allocate(0, 1); }), 2 * mebibyte);
}

TEST_F(Sizes, SegmentsFollowTheClass) {
  const auto segment = [&](size_t bytes) {
    TestAllocator fresh;
    fresh.allocate(0, bytes);
    return fresh.device.used();
  };
  EXPECT_EQ(segment(mebibyte), 2 * mebibyte);
  EXPECT_EQ(segment(mebibyte + 1), 20 * mebibyte);
  EXPECT_EQ(segment(10 * mebibyte - 512), 20 * mebibyte);
  EXPECT_EQ(segment(10 * mebibyte), 10 * mebibyte);
  EXPECT_EQ(segment(10 * mebibyte + 1), 12 * mebibyte);
  EXPECT_EQ(segment(33 * mebibyte), 34 * mebibyte);
}

TEST_F(Sizes, ClassesDoNotMix) {
  char* oversize = allocate(0, 16 * mebibyte);
  allocator.deallocate(oversize);
  EXPECT_EQ(grown_by([&] { allocate(0, 9 * mebibyte); }), 20 * mebibyte);
  EXPECT_EQ(grown_by([&] { allocate(0, 512); }), 2 * mebibyte);
  EXPECT_EQ(grown_by([&] { allocate(0, 10 * mebibyte); }), 10 * mebibyte);
}

TEST_F(Sizes, ASmallBlockIsSplitWhereAnythingRemains) {
  char* a = allocate(0, mebibyte);
  char* b = allocate(0, mebibyte - 512);
  EXPECT_EQ(b, a + mebibyte);
  EXPECT_EQ(statistics().cached, 512u);
  EXPECT_EQ(grown_by([&] { EXPECT_EQ(allocate(0, 512), b + mebibyte - 512); }), 0u);
}

TEST_F(Sizes, ALargeBlockIsSplitWhereMoreThanAMebibyteRemains) {
  const size_t nine = 9 * mebibyte;
  char* a = allocate(0, nine);
  char* b = allocate(0, nine);  // leaves 2 MiB
  EXPECT_EQ(b, a + nine);
  EXPECT_EQ(statistics().cached, 2 * mebibyte);
  allocate(0, mebibyte + 512);  // leaves 1 MiB - 512, of no use to this class: it gets all
  EXPECT_EQ(statistics().cached, 0u);
  EXPECT_EQ(statistics().in_use, 20 * mebibyte);
  allocator.deallocate(a);
  allocate(0, nine - mebibyte);  // leaves just 1 MiB
  EXPECT_EQ(statistics().cached, 0u);
}

TEST_F(Sizes, AnOversizeBlockGoesOutWholeToRequestsOfFourFifths) {
  char* block = allocate(0, 30 * mebibyte);
  allocator.deallocate(block);
  EXPECT_EQ(allocate(0, 24 * mebibyte), block);
  EXPECT_EQ(statistics().in_use, 30 * mebibyte);
  EXPECT_EQ(statistics().requested, 24 * mebibyte);
  allocator.deallocate(block);
  EXPECT_EQ(grown_by([&] { EXPECT_NE(allocate(0, 24 * mebibyte - 512), block); }), 24 * mebibyte);
}

TEST_F(Sizes, TheSmallestBlockThatFitsIsTaken) {
  std::vector<char*> blocks;
  for (const size_t kib : {8u, 2u, 4u, 2u, 16u, 2u, 4u, 2u}) blocks.push_back(allocate(0, kib * kibibyte));
  for (const size_t i : {0u, 2u, 4u, 6u}) allocator.deallocate(blocks[i]);
  EXPECT_EQ(allocate(0, 3 * kibibyte), blocks[2]);  // the lower of two of the same size
  EXPECT_EQ(allocate(0, 4 * kibibyte), blocks[6]);
  EXPECT_EQ(allocate(0, 10 * kibibyte), blocks[4]);
  EXPECT_EQ(allocate(0, 8 * kibibyte), blocks[0]);
}

// Three neighbours, deallocated in each order, become one block again.
TEST_F(Sizes, NeighboursAreJoined) {
  for (const std::array<size_t, 3>& order :
       std::vector<std::array<size_t, 3>>{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
    std::array<char*, 3> blocks{};
    for (char*& block : blocks) block = allocate(0, 100 * kibibyte);
    for (const size_t i : order) allocator.deallocate(blocks[i]);
    EXPECT_EQ(statistics().largest_idle, 2 * mebibyte);
    EXPECT_EQ(statistics().fragmentation(), 0.0);
  }
  expect_all_comes_back();
}

TEST_F(Sizes, SegmentsAreNeverJoined) {
  char* a = allocate(0, mebibyte);
  char* b = allocate(0, mebibyte);
  char* c = allocate(0, mebibyte);
  for (char* block : {a, b, c}) allocator.deallocate(block);
  EXPECT_EQ(statistics().largest_idle, 2 * mebibyte);
  EXPECT_EQ(statistics().fragmentation(), 0.5);
}

TEST_F(Sizes, StreamsHavePoolsOfTheirOwn) {
  char* block = allocate(0, 1000);
  allocator.deallocate(block);
  EXPECT_EQ(grown_by([&] { EXPECT_NE(allocate(1, 1000), block); }), 2 * mebibyte);
  EXPECT_EQ(allocate(0, 1000), block);
}

TEST_F(Sizes, TrimGivesBackWholeSegmentsOnly) {
  char* kept = allocate(0, 512);
  char* freed = allocate(0, 20 * mebibyte);
  char* other_stream = allocate(1, 5 * mebibyte);
  allocator.deallocate(freed);
  allocator.deallocate(other_stream);
  EXPECT_EQ(allocator.trim(), 40 * mebibyte);
  EXPECT_EQ(device.used(), 2 * mebibyte);
  const int synchronized = device.calls(SimulatedDevice::synchronize);
  EXPECT_EQ(allocator.trim(), 0u);
  EXPECT_EQ(device.calls(SimulatedDevice::synchronize), synchronized);  // not without cause
  allocator.deallocate(kept);
  expect_all_comes_back();
}

TEST_F(Sizes, StatisticsAddUp) {
  char* a = allocate(0, 1000);
  char* b = allocate(0, 11 * mebibyte);
  allocator.deallocate(b);
  const plugin::AllocatorStatistics s = statistics();
  EXPECT_EQ(s.held, 14 * mebibyte);
  EXPECT_EQ(s.in_use, 1024u);
  EXPECT_EQ(s.requested, 1000u);
  EXPECT_EQ(s.cached, 14 * mebibyte - 1024);
  EXPECT_EQ(s.largest_idle, 12 * mebibyte);
  EXPECT_EQ(s.peak_in_use, 12 * mebibyte + 1024);
  EXPECT_EQ(s.peak_held, 14 * mebibyte);
  EXPECT_EQ(std::tuple(s.allocations, s.deallocations, s.upstream_allocations, s.upstream_frees, s.retries),
            std::tuple(2u, 1u, 2u, 0u, 0u));
  allocator.trim();
  allocator.reset_peaks();
  EXPECT_EQ(statistics().peak_in_use, 1024u);
  EXPECT_EQ(statistics().peak_held, 2 * mebibyte);
  allocator.deallocate(a);
  expect_all_comes_back();
}

TEST_F(Sizes, WhatIsNotABlockIsRefused) {
  char* a = allocate(0, 1000);
  EXPECT_FALSE(allocator.deallocate(a + 512));
  EXPECT_TRUE(allocator.deallocate(nullptr));
  EXPECT_EQ(failure_of([&] { use(a + 512, 1); }).first, PLUGRAD_FAILED);
  EXPECT_TRUE(allocator.deallocate(a));
  EXPECT_FALSE(allocator.deallocate(a));
  EXPECT_EQ(failure_of([&] { use(a, 1); }).first, PLUGRAD_FAILED);
  EXPECT_EQ(statistics().deallocations, 1u);
}

TEST_F(Sizes, BlocksNeverDeallocatedGoWithTheAllocator) {
  SimulatedDevice d(100 * mebibyte);
  {
    plugin::CachingAllocator a(d.upstream(plugin::Reuse::in_stream_order), plugin::Reuse::in_stream_order);
    void* x = a.allocate(d.stream(0), 1000);
    a.allocate(d.stream(0), 30 * mebibyte);
    a.use(x, d.stream(1));
    d.write(d.stream(1), x, 1000, 1);
    a.deallocate(x);
  }
  EXPECT_EQ(d.used(), 0u);
  EXPECT_EQ(d.events(), 0u);
  EXPECT_THAT(d.violations(), testing::IsEmpty());
}

}  // namespace
}  // namespace plugrad::tests

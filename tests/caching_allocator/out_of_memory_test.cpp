// What happens when the device has no more memory, or fails, at each point where that is possible.
#include <functional>

#include "plugrad/tests/caching_allocator/test_allocator.h"

namespace plugrad::tests {
namespace {

using plugin::Reuse;
using plugin::Upstream;

TEST(OutOfMemory, CachedSegmentsAreGivenBackAndTheRequestServed) {
  TestAllocator s(Reuse::in_stream_order, 64 * mebibyte);
  char* cached = s.allocate(0, 40 * mebibyte);
  char* kept = s.allocate(0, 4 * mebibyte);
  s.device.write(s.device.stream(0), cached, 1000, 1);
  s.allocator.deallocate(cached);
  char* other = s.allocate(1, 30 * mebibyte);
  EXPECT_EQ(s.statistics().retries, 1u);
  EXPECT_EQ(s.statistics().upstream_frees, 1u);
  EXPECT_EQ(s.statistics().held, 50 * mebibyte);
  s.allocator.deallocate(kept);
  s.allocator.deallocate(other);
  s.expect_all_comes_back();
}

TEST(OutOfMemory, AWaitingBlockServesTheRequest) {
  TestAllocator s(Reuse::in_stream_order, 40 * mebibyte);
  char* a = s.allocate(0, 40 * mebibyte);
  s.use(a, 1);
  s.device.write(s.device.stream(1), a, 1000, 1);
  s.allocator.deallocate(a);
  EXPECT_EQ(s.allocate(0, 40 * mebibyte), a);
  EXPECT_EQ(s.statistics().retries, 1u);
  EXPECT_EQ(s.statistics().upstream_frees, 0u);
  s.allocator.deallocate(a);
  s.expect_all_comes_back();
}

TEST(OutOfMemory, TheSecondTryAsksForNoMoreThanNeeded) {
  TestAllocator s(Reuse::in_stream_order, 5 * mebibyte);
  char* a = s.allocate(0, 3 * mebibyte);  // 20 MiB are not there
  EXPECT_EQ(s.statistics().held, 4 * mebibyte);
  s.allocator.deallocate(a);
  EXPECT_EQ(s.allocate(0, 4 * mebibyte), a);
  s.allocator.deallocate(a);
  s.expect_all_comes_back();
}

TEST(OutOfMemory, TheMessageStatesTheFigures) {
  TestAllocator s(Reuse::in_stream_order, 64 * mebibyte);
  char* kept = s.allocate(0, 30 * mebibyte);
  char* small = s.allocate(0, 512);
  char* cached = s.allocate(0, 12 * mebibyte);
  s.allocator.deallocate(cached);
  const auto [status, message] = failure_of([&] { s.allocate(0, 50'000'000); });
  EXPECT_EQ(status, PLUGRAD_OUT_OF_MEMORY);
  EXPECT_EQ(
      message,
      "out of simulated memory: 47.68 MiB (50000000 bytes) asked for; held 32.00 MiB: 30.00 MiB in use, "
      "0 bytes waiting for streams, 2.00 MiB cached (the largest block 2.00 MiB), after 12.00 MiB of the "
      "cache were given back; the device has 32.00 MiB free of 64.00 MiB");
  s.allocator.deallocate(kept);
  s.allocator.deallocate(small);
  s.expect_all_comes_back();
}

TEST(OutOfMemory, SizesThatNoDeviceHasAreRefusedWithoutAskingIt) {
  TestAllocator s;
  for (const size_t bytes : {SIZE_MAX, SIZE_MAX - 511, SIZE_MAX / 2 + 1})
    EXPECT_EQ(failure_of([&] { s.allocate(0, bytes); }).first, PLUGRAD_OUT_OF_MEMORY);
  EXPECT_EQ(s.device.calls(SimulatedDevice::allocate), 0);
  EXPECT_EQ(failure_of([&] { s.allocate(0, SIZE_MAX / 2); }).first, PLUGRAD_OUT_OF_MEMORY);
  s.expect_all_comes_back();
}

// ---- a failure at each call in turn ----

// A piece of work in three streams, with requests of all classes. Each request that fails is handed to
// `failed` and made once more.
class Workload {
 public:
  Workload(TestAllocator& setup, std::function<void(const std::function<void()>&)> attempt)
      : s_(setup), attempt_(std::move(attempt)) {}

  void run() {
    for (int round = 0; round < 3; ++round) {
      for (const int kib : {1, 300, 1000, 1500, 7000, 12'000, 900, 3000, 30'000})
        request(round, static_cast<size_t>(kib) * kibibyte);
      for (size_t i = 0; i < blocks_.size(); i += 3) share(blocks_[i], (round + 1) % 3);
      for (size_t i = 0; i < blocks_.size(); i += 2) end(blocks_[i]);
    }
    for (Live& b : blocks_) end(b);
  }

 private:
  struct Live {
    char* data;
    size_t bytes;
    uint64_t mark;
    int stream;
  };

  void request(int stream, size_t bytes) {
    Live b{nullptr, bytes, ++mark_, stream};
    attempt_([&] { b.data = s_.allocate(stream, b.bytes); });
    ASSERT_TRUE(b.data);
    s_.device.write(s_.device.stream(stream), b.data, b.bytes, b.mark);
    blocks_.push_back(b);
  }
  void share(Live& b, int stream) {
    if (!b.data) return;
    attempt_([&] { s_.use(b.data, stream); });
    b.stream = stream;
    s_.device.expect(s_.device.stream(stream), b.data, b.bytes, b.mark);
    s_.device.write(s_.device.stream(stream), b.data, b.bytes, b.mark = ++mark_);
  }
  void end(Live& b) {
    if (!b.data) return;
    s_.device.expect(s_.device.stream(b.stream), b.data, b.bytes, b.mark);
    s_.allocator.deallocate(b.data);
    b.data = nullptr;
  }

  TestAllocator& s_;
  std::function<void(const std::function<void()>&)> attempt_;
  std::vector<Live> blocks_;
  uint64_t mark_ = 0;
};

class EachCall : public testing::TestWithParam<Reuse> {
 protected:
  // How often the workload calls a function where nothing fails.
  int calls(SimulatedDevice::Call call) const {
    TestAllocator s(GetParam());
    Workload(s, [](const auto& request) { request(); }).run();
    return s.device.calls(call);
  }
};

TEST_P(EachCall, OutOfMemoryIsAnErrorAndNothingElse) {
  const int n = calls(SimulatedDevice::allocate);
  ASSERT_GT(n, 5);
  for (int nth = 1; nth <= n; ++nth) {
    TestAllocator s(GetParam());
    s.device.fail(SimulatedDevice::allocate, nth, 2, Upstream::out_of_memory);
    int failures = 0;
    Workload(s, [&](const auto& request) {
      const plugin::AllocatorStatistics before = s.statistics();
      const auto [status, message] = failure_of(request);
      if (status == PLUGRAD_OK) return;
      ++failures;
      EXPECT_EQ(status, PLUGRAD_OUT_OF_MEMORY);
      EXPECT_THAT(message, testing::HasSubstr("asked for; held"));
      const plugin::AllocatorStatistics after = s.statistics();
      EXPECT_EQ(std::tuple(after.in_use, after.requested, after.allocations, after.deallocations),
                std::tuple(before.in_use, before.requested, before.allocations, before.deallocations));
      EXPECT_EQ(after.held, s.device.used());
      EXPECT_EQ(after.retries, before.retries + 1);
      request();
    }).run();
    // A block that was waiting may have served the request; the second refusal then met a later one, if any.
    EXPECT_LE(failures, 1) << nth;
    EXPECT_GE(s.statistics().retries, 1u) << nth;
    EXPECT_LE(s.statistics().retries + static_cast<uint64_t>(failures), 2u) << nth;
    if (GetParam() == Reuse::in_stream_order) {
      EXPECT_EQ(failures, 1) << nth;
    }
    s.expect_all_comes_back();
  }
}

TEST_P(EachCall, OutOfMemoryOnceIsNoError) {
  for (int nth = 1, n = calls(SimulatedDevice::allocate); nth <= n; ++nth) {
    TestAllocator s(GetParam());
    s.device.fail(SimulatedDevice::allocate, nth, 1, Upstream::out_of_memory);
    Workload(s, [](const auto& request) { request(); }).run();
    EXPECT_EQ(s.statistics().retries, 1u);
    s.expect_all_comes_back();
  }
}

TEST_P(EachCall, ADeviceThatFailsLeavesAllAsItWas) {
  for (int nth = 1, n = calls(SimulatedDevice::allocate); nth <= n; ++nth) {
    TestAllocator s(GetParam());
    s.device.fail(SimulatedDevice::allocate, nth, 1, 7);
    int failures = 0;
    Workload(s, [&](const auto& request) {
      const auto before = figures(s.statistics());
      const auto [status, message] = failure_of(request);
      if (status == PLUGRAD_OK) return;
      ++failures;
      EXPECT_EQ(status, PLUGRAD_DEVICE_FAILED);
      EXPECT_EQ(message, "simulated memory: allocate failed: the simulated device has failed");
      EXPECT_EQ(figures(s.statistics()), before);
      request();
    }).run();
    EXPECT_EQ(failures, 1);
    s.expect_all_comes_back();
  }
}

TEST_P(EachCall, EventsThatFailCostTimeOnly) {
  for (const auto call : {SimulatedDevice::record, SimulatedDevice::wait})
    for (int nth = 1, n = calls(call); nth <= n; ++nth) {
      TestAllocator s(GetParam());
      s.device.fail(call, nth, 1, 7);
      Workload(s, [](const auto& request) { request(); }).run();
      EXPECT_EQ(s.device.calls(SimulatedDevice::synchronize), 1);
      s.expect_all_comes_back();
    }
}

TEST_P(EachCall, ASynchronizationThatFailsIsAnErrorAndNothingElse) {
  TestAllocator s(GetParam(), 160 * mebibyte);  // enough for the workload, but not without waiting
  int failures = 0;
  Workload(s, [&](const auto& request) {
    const auto before = figures(s.statistics());
    s.device.fail(SimulatedDevice::synchronize, 1, 1, 7);
    const auto [status, message] = failure_of(request);
    s.device.fail_no_more();
    if (status == PLUGRAD_OK) return;
    ++failures;
    EXPECT_EQ(status, PLUGRAD_DEVICE_FAILED) << message;
    EXPECT_EQ(figures(s.statistics()), before);
    request();
  }).run();
  EXPECT_GT(failures, 0);
  s.device.fail_no_more();
  s.expect_all_comes_back();
}

INSTANTIATE_TEST_SUITE_P(Reuse, EachCall, testing::Values(Reuse::in_stream_order, Reuse::after_events),
                         [](const auto& reuse) { return to_string(reuse.param); });

}  // namespace
}  // namespace plugrad::tests

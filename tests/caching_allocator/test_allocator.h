// What the tests of the allocator share: an allocator over a simulated device, checked when the test ends.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "plugrad/tests/caching_allocator/simulated_device.h"

namespace plugrad::tests {

inline constexpr size_t kibibyte = 1024, mebibyte = plugin::mebibyte;

// An allocator over its device, for one way of reuse.
struct TestAllocator {
  SimulatedDevice device;
  plugin::CachingAllocator allocator;

  explicit TestAllocator(plugin::Reuse reuse = plugin::Reuse::in_stream_order,
                         size_t capacity = 1024 * mebibyte)
      : device(capacity), allocator(device.upstream(reuse), reuse) {}

  char* allocate(int stream, size_t bytes) {
    return static_cast<char*>(allocator.allocate(device.stream(stream), bytes));
  }
  void use(void* data, int stream) { allocator.use(data, device.stream(stream)); }
  plugin::AllocatorStatistics statistics() const { return allocator.statistics(); }

  // Nothing is in use any more: after a trim, nothing is left of anything.
  void expect_all_comes_back() {
    device.finish_all();
    allocator.trim();
    const plugin::AllocatorStatistics s = statistics();
    EXPECT_EQ(std::tuple(s.held, s.in_use, s.requested, s.waiting, s.cached, s.largest_idle),
              std::tuple(0u, 0u, 0u, 0u, 0u, 0u));
    EXPECT_EQ(s.allocations, s.deallocations);
    EXPECT_EQ(s.upstream_allocations, s.upstream_frees);
    EXPECT_EQ(std::tuple(device.used(), device.segments(), device.live_blocks(), device.events()),
              std::tuple(0u, 0u, 0u, 0u));
    EXPECT_THAT(device.violations(), testing::IsEmpty());
  }
};

// For the names of tests.
inline std::string to_string(plugin::Reuse reuse) {
  return reuse == plugin::Reuse::in_stream_order ? "in_stream_order" : "after_events";
}

// What must be as before where a call fails.
inline auto figures(const plugin::AllocatorStatistics& s) {
  return std::tuple(s.held, s.in_use, s.requested, s.waiting, s.cached, s.largest_idle, s.peak_in_use,
                    s.peak_held, s.allocations, s.deallocations, s.upstream_allocations, s.upstream_frees);
}

// The status and the message of the Failure that f throws.
template <class F>
std::pair<plugrad_status, std::string> failure_of(F&& f) {
  try {
    f();
  } catch (const plugin::Failure& e) {
    return {e.status(), e.what()};
  }
  return {PLUGRAD_OK, "nothing thrown"};
}

}  // namespace plugrad::tests

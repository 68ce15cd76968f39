// The host out of memory at each of the allocator's own allocations in turn.
#include <cstdlib>
#include <new>

#include "plugrad/tests/caching_allocator/failing_new.h"
#include "plugrad/tests/caching_allocator/test_allocator.h"

namespace plugrad::tests {
namespace {

using plugin::Reuse;
using plugin::Upstream;

// Without allocations by new, and without work: events are done when someone looks.
Upstream plain_upstream() {
  Upstream u;
  u.allocate = [](void*, size_t bytes, void** data) {
    *data = std::aligned_alloc(plugin::block_granularity, bytes);
    return Upstream::ok;
  };
  u.deallocate = [](void*, void* data) { std::free(data); };
  u.record = [](void*, void*, void**) { return Upstream::ok; };
  u.done = [](void*, void*) { return true; };
  u.wait = [](void*, void*, void*) { return Upstream::ok; };
  u.forget = [](void*, void*) {};
  u.synchronize = [](void*) { return Upstream::ok; };
  return u;
}

class HostMemory : public testing::TestWithParam<Reuse> {
 protected:
  // Makes the request with ever more memory until it succeeds; returns how often it failed.
  template <class F>
  int until_it_succeeds(F&& request) {
    for (int n = 0;; ++n) {
      const plugin::AllocatorStatistics before = allocator_.statistics();
      successes_left = n;
      try {
        request();
        successes_left = -1;
        return n;
      } catch (const std::bad_alloc&) {
        successes_left = -1;
      }
      const plugin::AllocatorStatistics after = allocator_.statistics();
      EXPECT_EQ(std::tuple(after.in_use, after.requested, after.waiting, after.allocations),
                std::tuple(before.in_use, before.requested, before.waiting, before.allocations));
      EXPECT_EQ(after.held, after.in_use + after.waiting + after.cached);
    }
  }
  template <class F>
  void without_memory(F&& request) {
    successes_left = 0;
    request();
    successes_left = -1;
  }

  plugin::CachingAllocator allocator_{plain_upstream(), GetParam()};
  char streams_[3] = {};
};

TEST_P(HostMemory, FailuresLeaveAllAsItWas) {
  std::vector<void*> blocks;
  int failures = 0;
  for (const int kib : {1, 1, 700, 700, 2000, 2000, 12'000})
    for (char& stream : streams_) {
      void* block = nullptr;
      failures += until_it_succeeds(
          [&] { block = allocator_.allocate(&stream, static_cast<size_t>(kib) * kibibyte); });
      blocks.push_back(block);
    }
  for (size_t i = 0; i < blocks.size(); i += 2)
    for (char& stream : streams_) failures += until_it_succeeds([&] { allocator_.use(blocks[i], &stream); });
  EXPECT_GT(failures, 50);
  without_memory([&] {
    for (void* block : blocks) allocator_.deallocate(block);
    allocator_.trim();
  });
  EXPECT_EQ(allocator_.statistics().held, 0u);
}

INSTANTIATE_TEST_SUITE_P(Reuse, HostMemory, testing::Values(Reuse::in_stream_order, Reuse::after_events),
                         [](const auto& reuse) { return to_string(reuse.param); });

}  // namespace
}  // namespace plugrad::tests

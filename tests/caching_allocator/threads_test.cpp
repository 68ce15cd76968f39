// Threads with a stream each that allocate, share and deallocate one another's blocks.
#include <optional>
#include <random>
#include <thread>

#include "plugrad/tests/caching_allocator/test_allocator.h"

namespace plugrad::tests {
namespace {

using plugin::Reuse;

// Blocks on their way from thread to thread.
class Exchange {
 public:
  struct Item {
    char* data;
    size_t bytes;
    uint64_t mark;
  };
  void put(Item item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(item);
  }
  std::optional<Item> get() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return {};
    const Item item = items_.front();
    items_.pop_front();
    return item;
  }

 private:
  std::mutex mutex_;
  std::deque<Item> items_;
};

class Threads : public testing::TestWithParam<Reuse> {
 protected:
  static constexpr int n_threads = 4, n_rounds = 400;

  // Takes a block over from whichever thread: looks at its content and deallocates it.
  void take_over(int stream, const Exchange::Item& item) {
    s_.use(item.data, stream);
    s_.device.expect(s_.device.stream(stream), item.data, item.bytes, item.mark);
    EXPECT_TRUE(s_.allocator.deallocate(item.data));
  }
  void run(int thread) {
    std::mt19937 random(static_cast<unsigned>(thread) + 1);
    for (int i = 0; i < n_rounds; ++i) {
      const size_t bytes = 64 + (size_t{1} << random() % 23);
      const Exchange::Item item{s_.allocate(thread, bytes), bytes, random()};
      s_.device.write(s_.device.stream(thread), item.data, bytes, item.mark);
      exchange_.put(item);
      if (const auto other = random() % 4 ? exchange_.get() : std::nullopt) take_over(thread, *other);
      if (random() % 50 == 0) s_.allocator.trim();
      if (random() % 8 == 0) {
        const plugin::AllocatorStatistics s = s_.statistics();
        EXPECT_EQ(s.held, s.in_use + s.waiting + s.cached);
      }
      for (auto n = random() % 6; n > 0; --n) s_.device.step(s_.device.stream(thread));
    }
  }

  TestAllocator s_{GetParam()};
  Exchange exchange_;
};

TEST_P(Threads, ShareBlocks) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n_threads; ++i) threads.emplace_back([this, i] { run(i); });
  for (std::thread& t : threads) t.join();
  while (const auto item = exchange_.get()) take_over(0, *item);
  EXPECT_EQ(s_.statistics().allocations, static_cast<uint64_t>(n_threads * n_rounds));
  s_.expect_all_comes_back();
}

INSTANTIATE_TEST_SUITE_P(Reuse, Threads, testing::Values(Reuse::in_stream_order, Reuse::after_events),
                         [](const auto& reuse) { return to_string(reuse.param); });

}  // namespace
}  // namespace plugrad::tests

// Random sequences of all that an allocator can be asked, on devices of different sizes, against a model.
#include <cmath>
#include <random>

#include "plugrad/tests/caching_allocator/test_allocator.h"

namespace plugrad::tests {
namespace {

using plugin::Reuse;

struct Case {
  Reuse reuse;
  size_t capacity;  // little: requests fail now and then
  uint64_t seed;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.capacity / mebibyte << " MiB, seed " << c.seed; }

class RandomSequence : public testing::TestWithParam<Case> {
 protected:
  static constexpr int n_streams = 4, n_steps = 3000;

  struct Live {
    char* data;
    size_t bytes;
    uint64_t mark;  // 0: nothing written yet
    int stream;     // whose turn it is
  };

  int below(size_t n) { return static_cast<int>(std::uniform_int_distribution<size_t>(0, n - 1)(random_)); }
  // From 0 bytes to 40 MiB, as many of each magnitude.
  size_t some_bytes() {
    const double magnitude = std::uniform_real_distribution<>(0, std::log(40e6))(random_);
    return static_cast<size_t>(std::exp(magnitude)) - 1;
  }

  void allocate() {
    Live b{nullptr, some_bytes(), 0, below(n_streams)};
    const auto [status, message] = failure_of([&] { b.data = s_.allocate(b.stream, b.bytes); });
    if (status != PLUGRAD_OK) {
      EXPECT_EQ(status, PLUGRAD_OUT_OF_MEMORY) << message;
      ++refused_;
      return;
    }
    requested_ += b.bytes;
    live_.push_back(b);
  }
  // Work on a block, by the stream whose turn it is or by another.
  void work() {
    if (live_.empty()) return;
    Live& b = live_[static_cast<size_t>(below(live_.size()))];
    if (const int stream = below(n_streams); stream != b.stream) {
      s_.use(b.data, stream);
      b.stream = stream;
    }
    if (b.bytes == 0) return;
    expect(b);
    s_.device.write(s_.device.stream(b.stream), b.data, b.bytes, b.mark = ++mark_);
  }
  void expect(const Live& b) {
    if (b.mark) s_.device.expect(s_.device.stream(b.stream), b.data, b.bytes, b.mark);
  }
  void deallocate() {
    if (live_.empty()) return;
    std::swap(live_[static_cast<size_t>(below(live_.size()))], live_.back());
    expect(live_.back());
    EXPECT_TRUE(s_.allocator.deallocate(live_.back().data));
    requested_ -= live_.back().bytes;
    live_.pop_back();
  }
  void do_something() {
    const int what = below(100);
    if (what < 30) allocate();
    else if (what < 60) work();
    else if (what < 89) deallocate();
    else if (what < 97)
      for (int i = below(12); i > 0; --i) s_.device.step(s_.device.stream(below(n_streams)));
    else if (what < 99) s_.device.finish(s_.device.stream(below(n_streams)));
    else s_.allocator.trim();
  }
  void check() {
    const plugin::AllocatorStatistics s = s_.statistics();
    size_t least = 0;
    for (const Live& b : live_) least += plugin::block_bytes(b.bytes);
    ASSERT_EQ(s.requested, requested_);
    ASSERT_GE(s.in_use, least);
    ASSERT_EQ(s.held, s.in_use + s.waiting + s.cached);
    ASSERT_EQ(s.held, s_.device.used());
    ASSERT_EQ(s.upstream_allocations - s.upstream_frees, s_.device.segments());
    ASSERT_EQ(s.allocations - s.deallocations, live_.size());
    ASSERT_LE(s.largest_idle, s.cached);
    ASSERT_GE(s.peak_in_use, s.in_use);
    ASSERT_GE(s.peak_held, s.held);
    ASSERT_THAT(s_.device.violations(), testing::IsEmpty());
  }

  std::mt19937_64 random_{GetParam().seed};
  TestAllocator s_{GetParam().reuse, GetParam().capacity};
  std::vector<Live> live_;
  size_t requested_ = 0;
  uint64_t mark_ = 0;
  int refused_ = 0;
};

TEST_P(RandomSequence, KeepsMemoryApart) {
  for (int i = 0; i < n_steps; ++i) {
    do_something();
    check();
    if (HasFatalFailure()) FAIL() << "after " << i << " steps";
  }
  if (GetParam().capacity < 100 * mebibyte) {
    EXPECT_GT(refused_, 0);
  }
  while (!live_.empty()) deallocate();
  check();
  s_.expect_all_comes_back();
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Reuse reuse : {Reuse::in_stream_order, Reuse::after_events})
    for (const size_t mib : {50u, 200u, 4000u})
      for (uint64_t seed = 1; seed <= 5; ++seed) all.push_back({reuse, mib * mebibyte, seed});
  return all;
}
INSTANTIATE_TEST_SUITE_P(Devices, RandomSequence, testing::ValuesIn(cases()), [](const auto& test) {
  const Case& c = test.param;
  return to_string(c.reuse) + "_" + std::to_string(c.capacity / mebibyte) + "_MiB_seed_" +
         std::to_string(c.seed);
});

}  // namespace
}  // namespace plugrad::tests

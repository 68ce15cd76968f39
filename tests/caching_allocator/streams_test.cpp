// When memory may be reused: in stream order, after events, and across streams.
#include "plugrad/tests/caching_allocator/test_allocator.h"

namespace plugrad::tests {
namespace {

using plugin::Reuse;

constexpr size_t bytes = 4096;

class InStreamOrder : public testing::Test, protected TestAllocator {
 protected:
  explicit InStreamOrder(Reuse reuse = Reuse::in_stream_order) : TestAllocator(reuse) {}
  void TearDown() override { EXPECT_THAT(device.violations(), testing::IsEmpty()); }
  void write(int stream, void* data, uint64_t mark) {
    device.write(device.stream(stream), data, bytes, mark);
  }
  void expect(int stream, void* data, uint64_t mark) {
    device.expect(device.stream(stream), data, bytes, mark);
  }
  void finish(int stream) { device.finish(device.stream(stream)); }
};

class AfterEvents : public InStreamOrder {
 protected:
  AfterEvents() : InStreamOrder(Reuse::after_events) {}
};

TEST_F(InStreamOrder, ABlockIsReusedAtOnceByItsStream) {
  char* a = allocate(0, bytes);
  write(0, a, 1);
  expect(0, a, 1);
  allocator.deallocate(a);
  EXPECT_EQ(allocate(0, bytes), a);  // the work above is still to come
  write(0, a, 2);
  expect(0, a, 2);
  EXPECT_EQ(device.calls(SimulatedDevice::record), 0);
  allocator.deallocate(a);
  expect_all_comes_back();
}

TEST_F(InStreamOrder, AUserSeesWhatTheOwnerWrote) {
  char* a = allocate(0, bytes);
  write(0, a, 1);
  use(a, 1);
  expect(1, a, 1);
  EXPECT_FALSE(device.step(device.stream(1)));  // waits for the owner
  finish(0);
  EXPECT_TRUE(device.step(device.stream(1)));
  allocator.deallocate(a);
  expect_all_comes_back();
}

TEST_F(InStreamOrder, ABlockWaitsForItsUsers) {
  char* a = allocate(0, bytes);
  write(0, a, 1);
  use(a, 1);
  expect(1, a, 1);
  finish(0);
  allocator.deallocate(a);
  EXPECT_EQ(statistics().waiting, bytes);
  EXPECT_EQ(statistics().in_use, 0u);
  EXPECT_EQ(device.live_blocks(), 1u);  // the checker lets the user go on
  char* b = allocate(0, bytes);
  EXPECT_NE(b, a);
  finish(1);
  EXPECT_EQ(allocate(0, bytes), a);
  EXPECT_EQ(statistics().waiting, 0u);
  allocator.deallocate(a);
  EXPECT_EQ(statistics().waiting, 0u);  // the user was one of the request before
  allocator.deallocate(b);
  expect_all_comes_back();
}

TEST_F(InStreamOrder, EachChangeOfHandsIsOrdered) {
  char* a = allocate(0, bytes);
  int hand = 0;
  for (uint64_t mark = 1; mark < 40; ++mark) {
    expect(hand, a, mark - 1 ? mark - 1 : 0xdeadbeefdeadbeef);
    write(hand, a, mark);
    hand = static_cast<int>(mark * 7 % 5);
    use(a, hand);
    expect(hand, a, mark);
  }
  allocator.deallocate(a);
  for (int stream = 4; stream >= 0; --stream) finish(stream);
  expect_all_comes_back();
}

TEST_F(InStreamOrder, TheOwnerAloneNeedsNoEvents) {
  char* a = allocate(0, bytes);
  use(a, 0);
  allocator.deallocate(a);
  EXPECT_EQ(device.calls(SimulatedDevice::record), 0);
}

TEST_F(InStreamOrder, TheOldestWaitsAloneUnlessMemoryIsShort) {
  char* slow = allocate(0, bytes);
  char* fast = allocate(0, 2 * bytes);
  use(slow, 1);
  write(1, slow, 1);
  use(fast, 2);
  write(2, fast, 1);
  allocator.deallocate(slow);
  allocator.deallocate(fast);
  finish(2);
  char* other = allocate(0, 512);  // served by the rest of the segment
  EXPECT_EQ(statistics().waiting, 3 * bytes);
  char* large = allocate(0, mebibyte);
  char* rest = allocate(0, statistics().largest_idle);
  EXPECT_EQ(allocate(0, 2 * bytes), fast);  // there was nothing else
  EXPECT_EQ(statistics().waiting, bytes);
  for (char* block : {other, large, rest, fast}) allocator.deallocate(block);
  expect_all_comes_back();
}

TEST_F(InStreamOrder, TrimWaitsForWorkOnIdleBlocks) {
  char* a = allocate(0, bytes);
  use(a, 1);
  write(0, a, 1);
  write(1, a, 2);
  allocator.deallocate(a);
  EXPECT_EQ(allocator.trim(), 2 * mebibyte);
  EXPECT_EQ(statistics().held, 0u);
  expect_all_comes_back();
}

TEST_F(AfterEvents, ABlockWaitsForItsOwner) {
  char* a = allocate(0, bytes);
  write(0, a, 1);
  expect(0, a, 1);
  allocator.deallocate(a);
  char* b = allocate(0, bytes);
  EXPECT_NE(b, a);
  finish(0);
  EXPECT_EQ(allocate(3, bytes), a);  // by any stream
  write(3, a, 3);
  use(a, 4);
  write(4, a, 4);
  allocator.deallocate(a);
  allocator.deallocate(b);
  EXPECT_EQ(statistics().waiting, 2 * bytes);
  finish(3);
  char* c = allocate(0, 512);
  EXPECT_EQ(statistics().waiting, 2 * bytes);  // its user is not done, and b is younger
  finish(4);
  allocator.deallocate(c);
  expect_all_comes_back();
}

TEST_F(AfterEvents, WithoutWorkABlockIsReusedAtOnce) {
  char* a = allocate(0, bytes);
  allocator.deallocate(a);
  EXPECT_EQ(allocate(1, bytes), a);
  EXPECT_EQ(device.calls(SimulatedDevice::synchronize), 0);
}

// ---- events that fail ----

TEST_F(InStreamOrder, UseSynchronizesWhereEventsFail) {
  for (const auto call : {SimulatedDevice::record, SimulatedDevice::wait}) {
    char* a = allocate(0, bytes);
    write(0, a, 1);
    device.fail(call, 1, 1, 7);
    use(a, 1);
    device.fail_no_more();
    expect(1, a, 1);
    EXPECT_TRUE(device.step(device.stream(1)));
    EXPECT_EQ(device.events(), 0u);
    allocator.deallocate(a);
  }
  expect_all_comes_back();
}

TEST_F(AfterEvents, DeallocateSynchronizesWhereEventsFail) {
  char* a = allocate(0, bytes);
  use(a, 1);
  write(0, a, 1);
  write(1, a, 1);
  device.fail(SimulatedDevice::record, 2, 1, 7);  // the user's
  allocator.deallocate(a);
  device.fail_no_more();
  EXPECT_EQ(statistics().waiting, 0u);
  EXPECT_EQ(device.events(), 0u);
  EXPECT_EQ(allocate(2, bytes), a);
  allocator.deallocate(a);
  expect_all_comes_back();
}

// Without events, a block is reused once someone has waited for the device.
TEST_F(AfterEvents, ABlockWithoutEventsWaitsForTheNextSynchronization) {
  char* a = allocate(0, bytes);
  write(0, a, 1);
  device.fail(SimulatedDevice::record, 1, 1, 7);
  device.fail(SimulatedDevice::synchronize, 1, 2, 7);
  EXPECT_TRUE(allocator.deallocate(a));
  EXPECT_EQ(statistics().waiting, bytes);
  const auto before = figures(statistics());
  const auto [status, message] = failure_of([&] { allocator.trim(); });
  EXPECT_EQ(status, PLUGRAD_DEVICE_FAILED);
  EXPECT_EQ(message, "simulated memory: synchronize failed: the simulated device has failed");
  EXPECT_EQ(figures(statistics()), before);
  device.finish_all();
  char* b = allocate(0, bytes);
  EXPECT_NE(b, a);  // nobody could tell that its work was done
  allocator.deallocate(b);
  expect_all_comes_back();
}

TEST_F(InStreamOrder, AUseThatFailsChangesNothing) {
  char* a = allocate(0, bytes);
  write(0, a, 1);
  for (const auto call : {SimulatedDevice::record, SimulatedDevice::wait}) {
    device.fail(call, 1, 1, 9);
    device.fail(SimulatedDevice::synchronize, 1, 1, 9);
    const auto [status, message] = failure_of([&] { use(a, 1); });
    EXPECT_EQ(status, PLUGRAD_DEVICE_FAILED);
    EXPECT_EQ(message, "simulated memory: wait for another stream failed: status 9");
  }
  allocator.deallocate(a);
  EXPECT_EQ(statistics().waiting, 0u);  // stream 1 never became a user
  expect_all_comes_back();
}

}  // namespace
}  // namespace plugrad::tests

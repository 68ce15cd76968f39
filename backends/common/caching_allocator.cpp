// Requests, events and the way back to upstream; the blocks themselves are kept in memory_blocks.cpp.
#include "plugrad/backends/common/caching_allocator.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

namespace plugrad::plugin {

namespace {

// "1.50 GiB".
std::string readable(size_t bytes) {
  static constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double n = static_cast<double>(bytes);
  size_t unit = 0;
  for (; n >= 1024; ++unit) n /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit ? "%.2f %s" : "%.0f %s", n, units[unit]);
  return text;
}

}  // namespace

CachingAllocator::~CachingAllocator() {
  synchronize();  // where the device has failed there is nothing left to wait for
  for (Block* block = waiting_.first; block; block = block->next_waiting)
    for (void* event : block->events) upstream_.forget(upstream_.self, event);
  blocks_.remove_all_segments([&](char* data, size_t) { upstream_.deallocate(upstream_.self, data); });
}

void* CachingAllocator::allocate(void* stream, size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > largest_request) throw out_of_memory(bytes, 0);
  poll_waiting(Poll::oldest);
  Block& block = obtain(stream, bytes);
  if (reuse_ == Reuse::after_events) block.events.reserve(1);  // deallocate allocates nothing
  blocks_.take(block, block_bytes(bytes));
  block.requested = bytes;
  block.stream = stream;
  ++statistics_.allocations;
  statistics_.requested += bytes;
  statistics_.in_use += block.bytes;
  statistics_.peak_in_use = std::max(statistics_.peak_in_use, statistics_.in_use);
  if (upstream_.handed_out) upstream_.handed_out(upstream_.self, block.data, bytes, stream);
  return block.data;
}

bool CachingAllocator::deallocate(void* data) noexcept {
  if (!data) return true;
  const std::lock_guard lock(mutex_);
  Block* block = blocks_.in_use(data);
  if (!block) return false;
  ++statistics_.deallocations;
  statistics_.requested -= block->requested;
  statistics_.in_use -= block->bytes;
  if (record_events(*block)) {
    take_back(*block);
  } else {
    block->state = Block::State::waiting;
    statistics_.waiting += block->bytes;
    *waiting_.end = block;
    waiting_.end = &block->next_waiting;
  }
  return true;
}

void CachingAllocator::use(void* data, void* stream) {
  const std::lock_guard lock(mutex_);
  Block* block = blocks_.in_use(data);
  if (!block) throw Failure(PLUGRAD_FAILED, "use: not the address of an allocated block");
  std::vector<void*>& users = block->users;
  const bool known = stream == block->stream || std::find(users.begin(), users.end(), stream) != users.end();
  if (!known) {
    users.reserve(users.size() + 1);
    block->events.reserve(users.size() + 2);  // deallocate allocates nothing
  }
  if (stream != block->stream) order(stream, block->stream);
  for (void* user : users)
    if (user != stream) order(stream, user);
  if (!known) users.push_back(stream);
}

size_t CachingAllocator::trim() {
  const std::lock_guard lock(mutex_);
  if (!waiting_.first && !blocks_.has_idle_segment()) return 0;
  if (const int status = synchronize()) throw device_failed("synchronize", status);
  return release_idle_segments();
}

AllocatorStatistics CachingAllocator::statistics() const {
  const std::lock_guard lock(mutex_);
  AllocatorStatistics s = statistics_;
  s.cached = s.held - s.in_use - s.waiting;
  s.largest_idle = blocks_.largest_idle();
  return s;
}

void CachingAllocator::reset_peaks() {
  const std::lock_guard lock(mutex_);
  statistics_.peak_in_use = statistics_.in_use;
  statistics_.peak_held = statistics_.held;
}

// ---- memory from upstream and back ----

// An idle block that serves the request.
Block& CachingAllocator::obtain(void* stream, size_t requested) {
  const size_t bytes = block_bytes(requested);
  // What is idle after its events is idle for every stream.
  Pool& pool = blocks_.pool(reuse_ == Reuse::after_events ? nullptr : stream, size_class(bytes));
  if (Block* block = MemoryBlocks::best_fit(pool, bytes)) return *block;
  if (waiting_.first) {
    poll_waiting(Poll::all);
    if (Block* block = MemoryBlocks::best_fit(pool, bytes)) return *block;
  }
  void* data = nullptr;
  const int status = upstream_.allocate(upstream_.self, segment_bytes(bytes), &data);
  if (status == Upstream::out_of_memory) return obtain_scarce(pool, requested);
  if (status != Upstream::ok) throw device_failed("allocate", status);
  return add_segment(pool, data, segment_bytes(bytes));
}

// The second try, with all that other requests may have left.
Block& CachingAllocator::obtain_scarce(Pool& pool, size_t requested) {
  const size_t bytes = block_bytes(requested);
  ++statistics_.retries;
  if (const int status = synchronize()) throw device_failed("synchronize", status);
  if (Block* block = MemoryBlocks::best_fit(pool, bytes)) return *block;  // one that was waiting
  const size_t given_back = release_idle_segments();
  void* data = nullptr;
  const int status = upstream_.allocate(upstream_.self, least_segment_bytes(bytes), &data);
  if (status == Upstream::out_of_memory) throw out_of_memory(requested, given_back);
  if (status != Upstream::ok) throw device_failed("allocate", status);
  return add_segment(pool, data, least_segment_bytes(bytes));
}

Block& CachingAllocator::add_segment(Pool& pool, void* data, size_t bytes) {
  ++statistics_.upstream_allocations;
  try {
    Block& block = blocks_.add_segment(pool, data, bytes);
    statistics_.held += bytes;
    statistics_.peak_held = std::max(statistics_.peak_held, statistics_.held);
    return block;
  } catch (...) {
    ++statistics_.upstream_frees;
    upstream_.deallocate(upstream_.self, data);
    throw;
  }
}

// To be called when the device has nothing left to do with idle blocks.
size_t CachingAllocator::release_idle_segments() {
  const size_t before = statistics_.held;
  blocks_.remove_idle_segments([&](char* data, size_t bytes) {
    upstream_.deallocate(upstream_.self, data);
    ++statistics_.upstream_frees;
    statistics_.held -= bytes;
  });
  return before - statistics_.held;
}

// ---- order between streams ----

// Later work of the one stream comes after what the other was given so far; if need be, by waiting here.
void CachingAllocator::order(void* later, void* earlier) {
  void* event = nullptr;
  int status = upstream_.record(upstream_.self, earlier, &event);
  if (status == Upstream::ok) {
    status = upstream_.wait(upstream_.self, later, event);
    upstream_.forget(upstream_.self, event);
  }
  if (status == Upstream::ok || synchronize() == Upstream::ok) return;
  throw device_failed("wait for another stream", status);
}

// Marks what must be done before the block is reused; true where that is nothing.
bool CachingAllocator::record_events(Block& block) noexcept {
  if (reuse_ == Reuse::in_stream_order && block.users.empty()) return true;
  const auto record = [&](void* stream) {
    void* event = nullptr;
    if (upstream_.record(upstream_.self, stream, &event) != Upstream::ok) return false;
    block.events.push_back(event);
    return true;
  };
  if ((reuse_ == Reuse::in_stream_order || record(block.stream)) &&
      std::all_of(block.users.begin(), block.users.end(), record))
    return false;
  // Without a mark, all that the device was given must be done: now, or when someone next waits for it.
  block.awaits_synchronization = synchronize() != Upstream::ok;
  return !block.awaits_synchronization;
}

bool CachingAllocator::is_done(Block& block) noexcept {
  if (block.awaits_synchronization) return false;
  for (; !block.events.empty(); block.events.pop_back()) {
    if (!upstream_.done(upstream_.self, block.events.back())) return false;
    upstream_.forget(upstream_.self, block.events.back());
  }
  return true;
}

// Takes back what is done: up to the first block that is not, which is cheap, or wherever it stands.
void CachingAllocator::poll_waiting(Poll poll) noexcept {
  Block** link = &waiting_.first;
  while (Block* block = *link) {
    if (!is_done(*block)) {
      if (poll == Poll::oldest) return;
      link = &block->next_waiting;
      continue;
    }
    *link = std::exchange(block->next_waiting, nullptr);
    if (!*link) waiting_.end = link;
    statistics_.waiting -= block->bytes;
    take_back(*block);
  }
}

// Waits for the device; then no block waits any more.
int CachingAllocator::synchronize() noexcept {
  if (const int status = upstream_.synchronize(upstream_.self)) return status;
  Block* block = std::exchange(waiting_.first, nullptr);
  waiting_.end = &waiting_.first;
  while (block) {
    Block* next = std::exchange(block->next_waiting, nullptr);
    statistics_.waiting -= block->bytes;
    take_back(*block);
    block = next;
  }
  return Upstream::ok;
}

// Nothing but later work of its pool's stream may use the block from here on.
void CachingAllocator::take_back(Block& block) noexcept {
  for (void* event : block.events) upstream_.forget(upstream_.self, event);
  block.events.clear();
  block.users.clear();
  block.awaits_synchronization = false;
  if (upstream_.taken_back) upstream_.taken_back(upstream_.self, block.data, block.requested, block.stream);
  blocks_.give_back(block);
}

// ---- errors ----

Failure CachingAllocator::out_of_memory(size_t requested, size_t given_back) const {
  const AllocatorStatistics& s = statistics_;
  std::string text = std::string("out of ") + upstream_.name + ": " + readable(requested) + " (" +
                     std::to_string(requested) + " bytes) asked for; held " + readable(s.held) + ": " +
                     readable(s.in_use) + " in use, " + readable(s.waiting) + " waiting for streams, " +
                     readable(s.held - s.in_use - s.waiting) + " cached (the largest block " +
                     readable(blocks_.largest_idle()) + "), after " + readable(given_back) +
                     " of the cache were given back";
  size_t free = 0, total = 0;
  if (upstream_.memory_info && upstream_.memory_info(upstream_.self, &free, &total))
    text += "; the device has " + readable(free) + " free of " + readable(total);
  return {PLUGRAD_OUT_OF_MEMORY, std::move(text)};
}

Failure CachingAllocator::device_failed(const char* call, int status) const {
  const char* why = upstream_.describe ? upstream_.describe(upstream_.self, status) : nullptr;
  return {PLUGRAD_DEVICE_FAILED, std::string(upstream_.name) + ": " + call +
                                     " failed: " + (why ? why : "status " + std::to_string(status))};
}

}  // namespace plugrad::plugin

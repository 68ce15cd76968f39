// Keeps a device's memory for reuse: asking the device is slow and makes it wait, and a training step asks
// for the same blocks again and again.
//
// Sizes, splitting and fit are explained in memory_blocks.h. When upstream has no more, the allocator waits
// for the device, gives back all segments that are idle as a whole, and tries once more.
//
// The rules of streams:
// - A block is for work of the stream that it was allocated for, its owner. Before another stream is given
//   work on the block, the caller calls use(data, stream): that stream waits for all that the block's other
//   streams have been given so far. This holds for each change of hands, also back to the owner. Between two
//   such calls, work on the block that is given to a stream not named by the last one is unordered.
// - A block is deallocated once: when all work on it has been given to its streams, by whichever thread. That
//   the work is done is not needed.
// - Reuse::in_stream_order: the block is then for later requests of its owner, whose work comes after all
//   that used it before; where other streams used it, when these are done with what they were given by then.
//   This is for memory that work of streams alone touches.
// - Reuse::after_events: the block is for later requests of any stream when its owner and the others are done
//   with what they were given by then. This is for memory that the host touches too, such as pinned staging.
//   Until then the host leaves it alone; a block that was just allocated it may touch at once.
// - Streams outlive the allocator.
// - A thread that deallocates or uses a block knows of its allocation through its own means (a reference
//   count, a lock): the allocator orders its own books only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "plugrad/backends/common/memory_blocks.h"
#include "plugrad/backends/common/upstream.h"
#include "plugrad/core/plugin.hpp"

namespace plugrad::plugin {

// In bytes: held == in_use + waiting + cached.
struct AllocatorStatistics {
  size_t held = 0;       // had from upstream
  size_t in_use = 0;     // handed out, in whole blocks
  size_t requested = 0;  // of these, what was asked for; the rest is lost to rounding
  size_t waiting = 0;    // deallocated, not yet done with
  size_t cached = 0;     // idle
  size_t largest_idle = 0;
  size_t peak_in_use = 0, peak_held = 0;
  uint64_t allocations = 0, deallocations = 0;
  uint64_t upstream_allocations = 0, upstream_frees = 0;
  uint64_t retries = 0;  // requests for which upstream had no memory at first

  // The part of the idle bytes that one request can't have: 0 where they are all in one block.
  double fragmentation() const {
    return cached ? 1 - static_cast<double>(largest_idle) / static_cast<double>(cached) : 0;
  }
};

enum class Reuse { in_stream_order, after_events };

// Any thread may call anything at any time. Where a function throws, all is as before but for what is cached:
// that may have gone back to upstream, or come from there.
class CachingAllocator {
 public:
  CachingAllocator(const Upstream& upstream, Reuse reuse) : upstream_(upstream), reuse_(reuse) {}
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;
  // Waits for the device and gives all memory back, also blocks that were never deallocated.
  ~CachingAllocator();

  // Aligned to 512 bytes, never null: 0 bytes have an address of their own too. Throws Failure:
  // PLUGRAD_OUT_OF_MEMORY with the figures, PLUGRAD_DEVICE_FAILED; or std::bad_alloc where the host is out
  // of memory.
  void* allocate(void* stream, size_t bytes);
  // False, and nothing happens, where `data` is not an allocated block's address; null is ignored.
  bool deallocate(void* data) noexcept;
  // Lets `stream` work on the block. Throws Failure: PLUGRAD_DEVICE_FAILED, PLUGRAD_FAILED where `data` is
  // not an allocated block's address; or std::bad_alloc.
  void use(void* data, void* stream);
  // Waits for the device and gives back what is idle, in whole segments; returns how many bytes. Throws
  // Failure: PLUGRAD_DEVICE_FAILED.
  size_t trim();

  AllocatorStatistics statistics() const;
  // The peaks become what is in use and held now.
  void reset_peaks();

 private:
  // The blocks whose events are not done yet, oldest first.
  struct WaitingList {
    Block* first = nullptr;
    Block** end = &first;
  };
  enum class Poll { oldest, all };

  Block& obtain(void* stream, size_t requested);
  Block& obtain_scarce(Pool& pool, size_t requested);
  Block& add_segment(Pool& pool, void* data, size_t bytes);
  size_t release_idle_segments();

  void order(void* later, void* earlier);
  bool record_events(Block& block) noexcept;
  bool is_done(Block& block) noexcept;
  void poll_waiting(Poll poll) noexcept;
  int synchronize() noexcept;
  void take_back(Block& block) noexcept;

  Failure out_of_memory(size_t requested, size_t given_back) const;
  Failure device_failed(const char* call, int status) const;

  const Upstream upstream_;
  const Reuse reuse_;
  mutable std::mutex mutex_;
  MemoryBlocks blocks_;
  WaitingList waiting_;
  AllocatorStatistics statistics_;  // but for cached and largest_idle
};

}  // namespace plugrad::plugin

// Storage: one allocation on one device, reference-counted, never copied.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "plugrad/core/device.h"
#include "plugrad/core/thread_state.h"

namespace plugrad {

struct Row;

// Atomic, but a sole owner skips the locked decrement.
class RefCount {
 public:
  void set(uint32_t n) { n_.store(n, std::memory_order_relaxed); }
  void up() { n_.fetch_add(1, std::memory_order_relaxed); }
  bool down() {
    return n_.load(std::memory_order_acquire) == 1 || n_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  bool unique() const { return n_.load(std::memory_order_acquire) == 1; }

 private:
  std::atomic<uint32_t> n_{0};
};

// It is also the block that the host's free lists keep: on the host, the data follows it.
struct Storage {
  RefCount refs;
  uint32_t version;   // counts overwrites, through whichever view
  const Row* writer;  // the op that overwrote last; null: the user's own hand
  void* data;
  size_t bytes;
  Storage* next;
  void (*release)(Storage*);  // for what is not on a free list
  void* owner;                // release's own; on a device: the stream that the memory belongs to
  uint16_t bin;
  Device device;
};
static_assert(sizeof(Storage) <= 64);

// Host memory that this thread keeps for reuse, and the most it keeps.
struct CacheStatistics {
  int64_t cached_bytes;
  int64_t upstream_allocations;  // by this thread, so far
};
PLUGRAD_PUBLIC CacheStatistics host_cache_statistics();
PLUGRAD_PUBLIC void release_host_cache();

// What the memory of a device holds, in bytes; -1 where its backend can't tell.
struct MemoryStatistics {
  int64_t in_use, peak_in_use;   // handed out to arrays and kernels
  int64_t held, peak_held;       // taken from the device
  int64_t cached;                // held, and handed out to nobody; on the host: by the calling thread
  int64_t free, total;           // of the device
  int64_t allocations;           // answered so far
  int64_t upstream_allocations;  // of them, passed on to the device
};
// DeviceError where the device is not there.
PLUGRAD_PUBLIC MemoryStatistics memory_statistics(Device device);
// Gives cached memory back to the device; on the host, that of the calling thread.
PLUGRAD_PUBLIC void release_cached_memory(Device device);
inline constexpr int64_t host_cache_limit = int64_t{1} << 30;

namespace detail {

// A checker of memory is blind to reuse: under one, nothing is cached and sizes are exact.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool caching = false;
#else
inline constexpr bool caching = true;
#endif

inline constexpr uint16_t no_bin = 0xffff;

// Four classes to a power of two, from 64 bytes.
inline int size_class(size_t bytes) {
  if (bytes <= 64) return 0;
  --bytes;
  const int e = 63 - std::countl_zero(bytes);
  return 1 + (e - 6) * 4 + static_cast<int>((bytes >> (e - 2)) & 3);
}
inline size_t class_bytes(int bin) {
  if (bin == 0) return 64;
  const int e = 6 + (bin - 1) / 4, part = (bin - 1) % 4;
  return static_cast<size_t>(4 + part + 1) << (e - 2);
}

// Throws DeviceError naming what was asked for, when there is no memory.
PLUGRAD_PUBLIC PLUGRAD_COLD Storage* allocate_slow(ThreadState& t, Device device, size_t bytes);
PLUGRAD_PUBLIC PLUGRAD_COLD void release_slow(Storage* s);
// Where each backend's arrays lie; kDLCPU: in ordinary memory of the host.
extern PLUGRAD_PUBLIC DLDeviceType device_type[256];  // whatever a BackendId holds
inline bool on_host(Device d) { return device_type[d.backend] == kDLCPU; }

// Uninitialised memory of one owner.
inline Storage* allocate(ThreadState& t, Device device, size_t bytes) {
  if (caching && on_host(device)) [[likely]] {
    const int bin = size_class(bytes);
    if (Storage* s = t.free_blocks[bin]) [[likely]] {
      t.free_blocks[bin] = s->next;
      t.cached_bytes -= static_cast<int64_t>(s->bytes);
      s->refs.set(1);
      s->version = 0;
      s->device = device;
      return s;
    }
  }
  return allocate_slow(t, device, bytes);
}

inline void release(Storage* s) {
  if (!s->refs.down()) return;
  ThreadState& t = thread_state();
  if (s->bin == no_bin || t.cached_bytes > host_cache_limit) [[unlikely]]
    return release_slow(s);
  s->next = t.free_blocks[s->bin];
  t.free_blocks[s->bin] = s;
  t.cached_bytes += static_cast<int64_t>(s->bytes);
}

// Before work of the calling thread's stream touches memory of a device: waits, in stream order, for the work
// of other streams on it.
PLUGRAD_PUBLIC PLUGRAD_COLD void order_streams(Storage& s, void* stream);

}  // namespace detail
}  // namespace plugrad

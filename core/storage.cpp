#include "plugrad/core/storage.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

#include "plugrad/core/backend.h"
#include "plugrad/core/error.h"

namespace plugrad {

namespace detail {

namespace {

constexpr size_t header = 64;  // keeps the data that follows a host block aligned for any vector unit

[[noreturn]] void out_of_memory(Device device, size_t bytes, const char* message) {
  throw DeviceError(fmt::format("{}: out of memory: {} bytes asked for{}{}", to_string(device), bytes,
                                *message ? ": " : "", message));
}

void release_host(Storage* s) { std::free(s); }

// Alone under a checker of memory, so that it sees each byte beyond the end.
void release_host_checked(Storage* s) {
  std::free(s->owner);
  delete s;
}

void* aligned(size_t bytes) {
  void* p = nullptr;
  return posix_memalign(&p, header, bytes) == 0 ? p : nullptr;
}

Storage* host_block(size_t bytes, uint16_t bin) {
  void* p = aligned(header + bytes);
  if (!p) {
    release_host_cache();
    p = aligned(header + bytes);
  }
  if (!p) return nullptr;
  auto* s = new (p) Storage{};
  s->data = static_cast<char*>(p) + header;
  s->bytes = bytes;
  s->bin = bin;
  s->release = release_host;
  return s;
}

Storage* checked_host_block(size_t bytes) {
  void* p = aligned(bytes ? bytes : 1);
  if (!p) return nullptr;
  auto* s = new Storage{};
  s->data = s->owner = p;
  s->bytes = bytes;
  s->bin = no_bin;
  s->release = release_host_checked;
  return s;
}

void release_on_device(Storage* s) {
  const plugrad_memory& m = backend(s->device.backend).memory;
  m.deallocate(m.self, s->device.ordinal, s->data, s->bytes);
  delete s;
}

Storage* device_block(ThreadState& t, Device device, size_t bytes) {
  const plugrad_memory& m = backend(device.backend).memory;
  auto s = std::make_unique<Storage>();
  t.message[0] = 0;
  if (m.allocate(m.self, device.ordinal, bytes, &s->data) != PLUGRAD_OK)
    out_of_memory(device, bytes, t.message);
  s->bytes = bytes;
  s->bin = no_bin;
  s->release = release_on_device;
  s->owner = stream_of(device);
  return s.release();
}

// The owner of memory that several streams have touched.
char several_streams;

}  // namespace

Storage* allocate_slow(ThreadState& t, Device device, size_t bytes) {
  if (device.backend >= n_backends())
    throw DeviceError(
        fmt::format("device {}:{}: no backend has this number", device.backend, device.ordinal));
  if (!backend(device.backend).loaded.load(std::memory_order_acquire))
    throw DeviceError(
        fmt::format("{}: backend {} is not loaded", to_string(device), backend(device.backend).name));
  Storage* s = nullptr;
  if (!on_host(device)) {
    s = device_block(t, device, bytes);
  } else if (caching && bytes < size_t{1} << 46) {
    const int bin = size_class(bytes);
    s = host_block(class_bytes(bin), static_cast<uint16_t>(bin));
  } else {
    s = checked_host_block(bytes);
  }
  if (!s) out_of_memory(device, bytes, "");
  ++t.upstream_allocations;
  s->refs.set(1);
  s->device = device;
  return s;
}

void release_slow(Storage* s) { s->release(s); }

void order_streams(Storage& s, void* stream) {
  std::atomic_ref owner(s.owner);
  if (owner.load(std::memory_order_relaxed) == stream) return;
  const plugrad_memory& m = backend(s.device.backend).memory;
  if (!m.share) return;
  owner.store(&several_streams, std::memory_order_relaxed);
  call_memory(s.device, "share", [&] { return m.share(m.self, s.device.ordinal, s.data); });
}

}  // namespace detail

CacheStatistics host_cache_statistics() {
  const detail::ThreadState& t = detail::thread_state();
  return {t.cached_bytes, t.upstream_allocations};
}

void release_host_cache() {
  detail::ThreadState& t = detail::thread_state();
  for (Storage*& bin : t.free_blocks)
    while (Storage* s = bin) {
      bin = s->next;
      detail::release_slow(s);
    }
  t.cached_bytes = 0;
}

MemoryStatistics memory_statistics(Device device) {
  MemoryStatistics r{-1, -1, -1, -1, -1, -1, -1, -1, -1};
  const plugrad_memory& m = detail::loaded_memory(device, "memory_statistics");
  if (detail::on_host(device)) {
    const CacheStatistics host = host_cache_statistics();
    r.cached = host.cached_bytes;
    r.upstream_allocations = host.upstream_allocations;
  } else if (m.statistics) {
    plugrad_memory_statistics s{sizeof s, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    detail::call_memory(device, "memory_statistics",
                        [&] { return m.statistics(m.self, device.ordinal, &s); });
    r = {s.in_use, s.peak_in_use, s.held,        s.peak_held,           s.cached,
         s.free,   s.total,       s.allocations, s.upstream_allocations};
  }
  return r;
}

void release_cached_memory(Device device) {
  const plugrad_memory& m = detail::loaded_memory(device, "release_cached_memory");
  if (detail::on_host(device)) release_host_cache();
  else if (m.release_cached)
    detail::call_memory(device, "release_cached_memory",
                        [&] { return m.release_cached(m.self, device.ordinal); });
}

}  // namespace plugrad

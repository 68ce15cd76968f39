#include "plugrad/backends/cuda/memory.h"

#include <algorithm>
#include <cstring>

#include "plugrad/backends/cuda/deferred_errors.h"
#include "plugrad/backends/cuda/device_memory.h"
#include "plugrad/backends/cuda/devices.h"
#include "plugrad/backends/cuda/status.h"
#include "plugrad/backends/cuda/streams.h"

namespace plugrad::cuda {

namespace {

const plugrad_host* host = nullptr;

// The guard: no exception leaves the plugin.
template <class F>
int32_t guarded(F&& f) noexcept {
  try {
    f();
    return PLUGRAD_OK;
  } catch (const plugin::Failure& e) {
    host->fail(e.what());
    return e.status();
  } catch (const std::bad_alloc&) {
    host->fail("out of host memory");
    return PLUGRAD_OUT_OF_MEMORY;
  } catch (const std::exception& e) {
    host->fail(e.what());
  }
  return PLUGRAD_FAILED;
}

int32_t count_devices(void*, int32_t* count) {
  return guarded([&] { *count = device_count(); });
}

int32_t allocate(void*, int32_t ordinal, size_t bytes, void** data) {
  return guarded([&] {
    const cudaStream_t stream = stream_of(ordinal).handle;
    *data = device_memory(ordinal).device.allocate(stream, bytes);
  });
}

void deallocate(void*, int32_t ordinal, void* data, size_t) {
  device_memory(ordinal).device.deallocate(data);
}

int32_t share(void*, int32_t ordinal, void* data) {
  return guarded([&] {
    const cudaStream_t stream = stream_of(ordinal).handle;
    device_memory(ordinal).device.use(data, stream);
  });
}

// Copies between the device and pageable memory go through pinned memory, at most this much at a time.
constexpr size_t staging_bytes = size_t{16} << 20;

class Staging {
 public:
  Staging(int ordinal, cudaStream_t stream, size_t bytes)
      : pinned_(device_memory(ordinal).pinned), data_(pinned_.allocate(stream, bytes)) {}
  ~Staging() { pinned_.deallocate(data_); }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  void* data() const { return data_; }

 private:
  plugin::CachingAllocator& pinned_;
  void* data_;
};

// The host does not wait: the staging memory is used again only after its copy is done.
void copy_to_device(int ordinal, char* to, const char* from, size_t bytes) {
  const cudaStream_t stream = stream_of(ordinal).handle;
  for (size_t done = 0; done < bytes; done += staging_bytes) {
    const size_t n = std::min(bytes - done, staging_bytes);
    const Staging staging(ordinal, stream, n);
    std::memcpy(staging.data(), from + done, n);
    check(cudaMemcpyAsync(to + done, staging.data(), n, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
  }
}

void copy_to_host(int ordinal, char* to, const char* from, size_t bytes) {
  Stream& own = stream_of(ordinal);
  const cudaStream_t stream = own.handle;
  const Staging staging(ordinal, stream, std::min(bytes, staging_bytes));
  for (size_t done = 0; done < bytes; done += staging_bytes) {
    const size_t n = std::min(bytes - done, staging_bytes);
    check(cudaMemcpyAsync(staging.data(), from + done, n, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    std::memcpy(to + done, staging.data(), n);
  }
  throw_deferred_errors(ordinal, own);
}

int32_t copy(void*, int32_t ordinal, void* to, const void* from, size_t bytes, int32_t direction) {
  return guarded([&] {
    if (bytes == 0) return;
    if (direction == PLUGRAD_HOST_TO_DEVICE)
      copy_to_device(ordinal, static_cast<char*>(to), static_cast<const char*>(from), bytes);
    else if (direction == PLUGRAD_DEVICE_TO_HOST)
      copy_to_host(ordinal, static_cast<char*>(to), static_cast<const char*>(from), bytes);
    else
      check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_of(ordinal).handle),
            "cudaMemcpyAsync");
  });
}

int32_t synchronize(void*, int32_t ordinal) {
  return guarded([&] {
    Stream& own = stream_of(ordinal);
    check(cudaStreamSynchronize(own.handle), "cudaStreamSynchronize");
    throw_deferred_errors(ordinal, own);
  });
}

// Null where there is no stream; what is done next with the device says why.
void* stream(void*, int32_t ordinal) {
  cudaStream_t own = nullptr;
  guarded([&] { own = stream_of(ordinal).handle; });
  return own;
}

int32_t statistics(void*, int32_t ordinal, plugrad_memory_statistics* out) {
  return guarded([&] {
    select_device(ordinal);
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    const plugin::AllocatorStatistics s = device_memory(ordinal).device.statistics();
    const auto number = [](uint64_t n) { return static_cast<int64_t>(n); };
    out->in_use = number(s.in_use);
    out->peak_in_use = number(s.peak_in_use);
    out->held = number(s.held);
    out->peak_held = number(s.peak_held);
    out->cached = number(s.cached + s.waiting);
    out->free = number(free);
    out->total = number(total);
    out->allocations = number(s.allocations);
    out->upstream_allocations = number(s.upstream_allocations);
  });
}

int32_t release_cached(void*, int32_t ordinal) {
  return guarded([&] {
    select_device(ordinal);
    device_memory(ordinal).device.trim();
    device_memory(ordinal).pinned.trim();
  });
}

}  // namespace

int32_t prepare_memory(const plugrad_host* from) {
  host = from;
  const plugrad_memory memory{sizeof(plugrad_memory),
                              kDLCUDA,
                              nullptr,
                              count_devices,
                              allocate,
                              deallocate,
                              copy,
                              synchronize,
                              stream,
                              share,
                              statistics,
                              release_cached};
  return from->set_memory(from->self, &memory);
}

}  // namespace plugrad::cuda

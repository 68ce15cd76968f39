#include "plugrad/backends/cuda/device_memory.h"

#include <cuda_runtime_api.h>

#include <array>
#include <mutex>

#include "plugrad/backends/cuda/devices.h"
#include "plugrad/backends/cuda/status.h"

// What a checker of memory defines to be told of blocks inside the segments that it sees; absent otherwise.
extern "C" {
void cuda_emulation_sub_allocate(void* data, size_t bytes, void* stream) __attribute__((weak));
void cuda_emulation_sub_free(void* data, size_t bytes, void* stream) __attribute__((weak));
}

namespace plugrad::cuda {

namespace {

using plugin::Upstream;

// The runtime's statuses as Upstream's: cudaErrorInvalidValue must not pass for out_of_memory.
constexpr int first_status = 2;
int upstream_status(cudaError_t status) {
  if (status == cudaSuccess) return Upstream::ok;
  return status == cudaErrorMemoryAllocation ? Upstream::out_of_memory
                                             : first_status + static_cast<int>(status);
}
const char* describe(void*, int status) {
  return cudaGetErrorString(static_cast<cudaError_t>(status - first_status));
}

int ordinal_of(void* self) { return static_cast<int>(reinterpret_cast<intptr_t>(self)); }

// Calls of the runtime are for the device that the thread has selected: memory and events are made on their
// own, and the thread's choice stays.
class OnDevice {
 public:
  explicit OnDevice(void* self) : before_(current_device()), changed_(before_ != ordinal_of(self)) {
    if (changed_) status_ = cudaSetDevice(ordinal_of(self));
  }
  ~OnDevice() {
    if (changed_ && before_ >= 0) cudaSetDevice(before_);
  }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  template <class F>
  int call(F&& f) const {
    const cudaError_t status = status_ != cudaSuccess ? status_ : f();
    if (status != cudaSuccess) cudaGetLastError();  // said here; the next call is not to find it
    return upstream_status(status);
  }

 private:
  int before_;
  bool changed_;
  cudaError_t status_ = cudaSuccess;
};
cudaEvent_t event_of(void* event) { return static_cast<cudaEvent_t>(event); }
cudaStream_t stream_of_block(void* stream) { return static_cast<cudaStream_t>(stream); }

int record(void* self, void* stream, void** event) {
  const OnDevice on(self);
  return on.call([&] {
    cudaEvent_t made = nullptr;
    if (const cudaError_t status = cudaEventCreateWithFlags(&made, cudaEventDisableTiming)) return status;
    const cudaError_t status = cudaEventRecord(made, stream_of_block(stream));
    if (status != cudaSuccess) cudaEventDestroy(made);
    else *event = made;
    return status;
  });
}
bool done(void*, void* event) {
  const bool is_done = cudaEventQuery(event_of(event)) == cudaSuccess;
  if (!is_done) cudaGetLastError();
  return is_done;
}
int wait(void* self, void* stream, void* event) {
  const OnDevice on(self);
  return on.call([&] { return cudaStreamWaitEvent(stream_of_block(stream), event_of(event), 0); });
}
void forget(void*, void* event) { cudaEventDestroy(event_of(event)); }
int synchronize(void* self) {
  const OnDevice on(self);
  return on.call([] { return cudaDeviceSynchronize(); });
}

Upstream upstream(int ordinal, const char* name) {
  Upstream u;
  u.name = name;
  u.self = reinterpret_cast<void*>(static_cast<intptr_t>(ordinal));
  u.record = record;
  u.done = done;
  u.wait = wait;
  u.forget = forget;
  u.synchronize = synchronize;
  u.describe = describe;
  return u;
}

Upstream device_upstream(int ordinal) {
  Upstream u = upstream(ordinal, "device memory");
  u.allocate = [](void* self, size_t bytes, void** data) {
    const OnDevice on(self);
    return on.call([&] { return cudaMalloc(data, bytes); });
  };
  u.deallocate = [](void* self, void* data) {
    const OnDevice on(self);
    on.call([&] { return cudaFree(data); });
  };
  u.memory_info = [](void* self, size_t* free, size_t* total) {
    const OnDevice on(self);
    return on.call([&] { return cudaMemGetInfo(free, total); }) == Upstream::ok;
  };
  if (cuda_emulation_sub_allocate && cuda_emulation_sub_free) {
    u.handed_out = [](void*, void* data, size_t bytes, void* stream) {
      cuda_emulation_sub_allocate(data, bytes, stream);
    };
    u.taken_back = [](void*, void* data, size_t bytes, void* stream) {
      cuda_emulation_sub_free(data, bytes, stream);
    };
  }
  return u;
}

Upstream pinned_upstream(int ordinal) {
  Upstream u = upstream(ordinal, "pinned host memory");
  u.allocate = [](void* self, size_t bytes, void** data) {
    const OnDevice on(self);
    return on.call([&] { return cudaHostAlloc(data, bytes, cudaHostAllocDefault); });
  };
  u.deallocate = [](void* self, void* data) {
    const OnDevice on(self);
    on.call([&] { return cudaFreeHost(data); });
  };
  return u;
}

struct Slot {
  std::once_flag once;
  DeviceMemory* memory = nullptr;
};
std::array<Slot, max_devices> slots;

}  // namespace

DeviceMemory& device_memory(int ordinal) {
  Slot& slot = slots[static_cast<size_t>(ordinal)];
  std::call_once(slot.once, [&] {
    slot.memory = new DeviceMemory{{device_upstream(ordinal), plugin::Reuse::in_stream_order},
                                   {pinned_upstream(ordinal), plugin::Reuse::after_events}};
  });
  return *slot.memory;
}

}  // namespace plugrad::cuda

// The device's memory: an arena whose every byte has a state, closed to the host except while DeviceAccess is
// alive.
#pragma once

#include <cstddef>
#include <cstdint>

#include "plugrad/tests/cuda_emulation/export.h"

namespace plugrad::cuda_emulation {

// Says that a copy or a library call reads or writes these bytes on the device. Reports what is wrong with
// that, naming `what` (such as "cublasSgemm A"); false when the bytes must not be touched. Bytes written
// count as initialised. To be called from work given to enqueue(), so that the order between streams is
// checked too. n == 0 is always fine.
PLUGRAD_CUDA_EMULATION_API bool check_range(const void* p, size_t n, bool write, const char* what);

// While it lives, device pointers may be used by the host: for the body of an emulated library call. It
// nests.
class PLUGRAD_CUDA_EMULATION_API DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

// Whether p lies in the device's memory, allocated or not.
PLUGRAD_CUDA_EMULATION_API bool is_device_pointer(const void* p);

}  // namespace plugrad::cuda_emulation

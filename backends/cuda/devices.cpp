#include "plugrad/backends/cuda/devices.h"

#include <array>
#include <mutex>
#include <optional>
#include <string>

#include "plugrad/backends/cuda/status.h"

namespace plugrad::cuda {

namespace {

thread_local int selected = -1;

struct Known {
  std::once_flag once;
  DeviceLimits limits{};
};
std::array<Known, max_devices> known;

int attribute(cudaDeviceAttr which, int ordinal) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, ordinal), "cudaDeviceGetAttribute");
  return value;
}

void check_capability(int ordinal) {
  const int major = attribute(cudaDevAttrComputeCapabilityMajor, ordinal);
  const int minor = attribute(cudaDevAttrComputeCapabilityMinor, ordinal);
  if (major * 10 + minor >= oldest_capability) return;
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, ordinal), "cudaGetDeviceProperties");
  throw plugin::Failure(PLUGRAD_DEVICE_FAILED, std::string(properties.name) + " has compute capability " +
                                                   std::to_string(major) + "." + std::to_string(minor) +
                                                   "; the cuda backend needs " +
                                                   std::to_string(oldest_capability / 10) + "." +
                                                   std::to_string(oldest_capability % 10) + " or newer");
}

}  // namespace

int device_count() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorNoDevice) {
    cudaGetLastError();
    return 0;
  }
  check(status, "cudaGetDeviceCount");
  return count < max_devices ? count : max_devices;
}

void select_device(int ordinal) {
  if (ordinal == selected) return;
  const int count = device_count();
  if (ordinal < 0 || ordinal >= count)
    throw plugin::Failure(PLUGRAD_DEVICE_FAILED, "there is no GPU " + std::to_string(ordinal) + ", but " +
                                                     std::to_string(count) + " in all");
  Known& device = known[static_cast<size_t>(ordinal)];
  std::call_once(device.once, [&] {
    check_capability(ordinal);
    device.limits = {attribute(cudaDevAttrMultiProcessorCount, ordinal),
                     attribute(cudaDevAttrMaxThreadsPerMultiProcessor, ordinal)};
  });
  check(cudaSetDevice(ordinal), "cudaSetDevice");
  selected = ordinal;
}

int current_device() { return selected; }

const DeviceLimits& device_limits() { return known[static_cast<size_t>(selected)].limits; }

}  // namespace plugrad::cuda

// Devices: a backend's name and a number. What stands behind the name is found by loading a plugin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugrad/core/export.h"

namespace plugrad {

// An interned name of a backend: equal names, equal ids, in this process.
using BackendId = uint8_t;
inline constexpr int max_backends = 16;

struct Device {
  BackendId backend = 0;
  uint8_t ordinal = 0;
  friend bool operator==(Device, Device) = default;
};

// "cpu" or "cuda:1". Interns the backend's name, loads nothing. Throws DeviceError for text that is neither.
PLUGRAD_PUBLIC Device parse_device(std::string_view text);
PLUGRAD_PUBLIC std::string to_string(Device device);

// The device of arrays made without naming one: set_default_device's, else PLUGRAD_BACKEND's, else "cpu".
// Loads its backend if need be; throws PluginError where that fails.
PLUGRAD_PUBLIC Device default_device();
PLUGRAD_PUBLIC void set_default_device(std::string_view device);

// Waits for all work that the calling thread has enqueued on the device.
PLUGRAD_PUBLIC void synchronize(Device device);

// How many threads one op may use: set_num_threads', else PLUGRAD_NUM_THREADS, else one per core.
PLUGRAD_PUBLIC int num_threads();
PLUGRAD_PUBLIC void set_num_threads(int n);  // n >= 1, else Error

}  // namespace plugrad

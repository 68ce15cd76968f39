// Backends: the columns of the table. Found by name, loaded from plugins, or linked in.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "plugrad/core/device.h"
#include "plugrad/core/storage.h"

namespace plugrad {

// Loads the plugin of the backend `name` from the plugin folders: those of PLUGRAD_PLUGIN_PATH (absolute,
// separated by colons), then the one beside this library. Nothing happens where it is loaded already.
// PluginError names the file, the cause and the remedy; then everything is as before.
PLUGRAD_PUBLIC void load_backend(std::string_view name);
// The same from a file. The path must be absolute.
PLUGRAD_PUBLIC void load_plugin(const std::filesystem::path& file);
// Takes in a backend that the program links: `link_backend(plugrad_cpu_plugin)`, once. PluginError where the
// name is taken.
PLUGRAD_PUBLIC void link_backend(const plugrad_plugin& plugin);

struct BackendInfo {
  std::string name, version, op_set;
  std::string origin;  // the plugin's file, or "linked"
};
PLUGRAD_PUBLIC std::vector<BackendInfo> loaded_backends();
PLUGRAD_PUBLIC bool is_loaded(std::string_view backend);
// The names of the backends for which the plugin folders hold a file, by name.
PLUGRAD_PUBLIC std::vector<std::string> available_backends();

// How many devices a loaded backend has; DeviceError where it can't tell.
PLUGRAD_PUBLIC int device_count(std::string_view backend);

namespace detail {

// What stands behind an id; filled when the backend is committed.
struct Backend {
  std::string name;
  std::atomic<bool> loaded = false;
  plugrad_memory memory{};
  BackendInfo info;
};
PLUGRAD_PUBLIC Backend& backend(BackendId id);
PLUGRAD_PUBLIC BackendId intern_backend(std::string_view name);  // DeviceError when there are too many
PLUGRAD_PUBLIC int n_backends();

[[noreturn]] PLUGRAD_COLD void throw_memory_status(int32_t status, Device device, const char* what,
                                                   const char* message);

extern std::atomic<int> thread_limit;
void* stream_of(Device device);

// The memory of a loaded backend; DeviceError, starting with `what`, where it is not loaded.
const plugrad_memory& loaded_memory(Device device, const char* what);
// Calls a function of a backend's memory; a status that is not PLUGRAD_OK becomes an exception.
template <class F>
void call_memory(Device device, const char* what, F&& f) {
  ThreadState& t = thread_state();
  t.message[0] = 0;
  const int32_t status = f();
  if (status != PLUGRAD_OK) throw_memory_status(status, device, what, t.message);
}

// Copies between memories of the device of `storage`, which `to` or `from` lies in, or both do. Throws
// DeviceError.
void copy_bytes(Storage& storage, void* to, const void* from, size_t bytes, plugrad_copy direction);

}  // namespace detail
}  // namespace plugrad

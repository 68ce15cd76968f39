// The table of backends behind the ids of devices, the default device, and what is asked of a device by name.
#include "plugrad/core/backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>

#include "plugrad/core/error.h"
#include "plugrad/core/kernel_call.h"
#include "plugrad/core/plugin_file.h"

namespace plugrad {

namespace detail {

// No DLDeviceType is 0: the id of a backend that is not loaded never passes for one in host memory.
DLDeviceType device_type[256] = {};

}  // namespace detail

namespace {

constexpr std::string_view default_backend = "cpu";
constexpr const char* backend_variable = "PLUGRAD_BACKEND";

// Slots never move and keep their names; `count` says how many readers may look at without a lock.
struct Table {
  std::mutex mutex;
  std::atomic<int> count = 0;
  detail::Backend backends[max_backends];
  Table() {  // id 0, which a default-constructed Device holds
    backends[0].name = default_backend;
    count = 1;
  }
};
Table& table() {
  static Table& t = *new Table;  // arrays of static objects may outlive it
  return t;
}

std::optional<BackendId> find_backend(std::string_view name) {
  const Table& t = table();
  for (int i = 0, n = t.count.load(std::memory_order_acquire); i < n; ++i)
    if (t.backends[i].name == name) return static_cast<BackendId>(i);
  return std::nullopt;
}

const detail::Backend& loaded_backend(Device device, const char* what) {
  if (device.backend >= detail::n_backends())
    throw DeviceError(fmt::format("{}: no backend has number {}", what, device.backend));
  const detail::Backend& b = detail::backend(device.backend);
  if (!b.loaded.load(std::memory_order_acquire))
    throw DeviceError(
        fmt::format("{}: backend {} is not loaded; call load_backend(\"{}\") first", what, b.name, b.name));
  return b;
}

int device_count_of(Device device) {
  const detail::Backend& b = loaded_backend(device, "device_count");
  if (detail::on_host(device)) return 1;
  int32_t count = 0;
  detail::call_memory(device, "device_count", [&] { return b.memory.device_count(b.memory.self, &count); });
  return count;
}

// ---- the text of a device ----

struct DeviceText {
  std::string_view backend;
  uint8_t ordinal = 0;
};

DeviceText split_device(std::string_view text, const char* where) {
  const auto refuse = [&]() -> DeviceText {
    throw DeviceError(
        fmt::format("{}: '{}' is not a device: expected a backend's name (a lower-case letter, then "
                    "letters, digits, _), with a number from 0 to 255 after a colon if need be, as in "
                    "cpu or cuda:1",
                    where, text));
  };
  DeviceText d;
  d.backend = text.substr(0, text.find(':'));
  if (!detail::is_backend_name(d.backend)) return refuse();
  if (d.backend.size() == text.size()) return d;
  const std::string_view number = text.substr(d.backend.size() + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), d.ordinal);
  if (error != std::errc{} || end != number.data() + number.size()) return refuse();
  return d;
}

// ---- the default device ----

constexpr int undecided = -1;
constinit std::atomic<int> default_choice = undecided;

int pack(Device d) { return d.backend << 8 | d.ordinal; }
Device unpack(int choice) {
  return {static_cast<BackendId>(choice >> 8), static_cast<uint8_t>(choice & 0xff)};
}

// Loads what `text` names and checks that the device is there. Interns nothing when that fails.
Device usable_device(std::string_view text, const char* where) {
  const DeviceText d = split_device(text, where);
  load_backend(d.backend);
  const Device device{detail::intern_backend(d.backend), d.ordinal};
  if (const int count = device_count_of(device); device.ordinal >= count)
    throw DeviceError(fmt::format("{}: {}: backend {} has {} device{}", where, text, d.backend, count,
                                  count == 1 ? "" : "s"));
  return device;
}

PLUGRAD_COLD Device decide_default_device() {
  const char* wanted = std::getenv(backend_variable);
  const Device device = wanted && *wanted ? usable_device(wanted, backend_variable)
                                          : usable_device(default_backend, "default_device");
  int choice = undecided;  // set_default_device may have been first
  return default_choice.compare_exchange_strong(choice, pack(device)) ? device : unpack(choice);
}

}  // namespace

Device parse_device(std::string_view text) {
  const DeviceText d = split_device(text, "parse_device");
  return {detail::intern_backend(d.backend), d.ordinal};
}

std::string to_string(Device device) {
  const detail::Backend& b = detail::backend(device.backend);
  const bool one_of_many = b.loaded.load(std::memory_order_acquire) && !detail::on_host(device);
  return device.ordinal || one_of_many ? fmt::format("{}:{}", b.name, device.ordinal) : b.name;
}

Device default_device() {
  const int choice = default_choice.load(std::memory_order_acquire);
  if (choice == undecided) [[unlikely]]
    return decide_default_device();
  return unpack(choice);
}

void set_default_device(std::string_view device) {
  default_choice.store(pack(usable_device(device, "set_default_device")), std::memory_order_release);
}

void synchronize(Device device) {
  const detail::Backend& b = loaded_backend(device, "synchronize");
  if (detail::on_host(device)) return;
  detail::call_memory(device, "synchronize",
                      [&] { return b.memory.synchronize(b.memory.self, device.ordinal); });
}

int device_count(std::string_view backend) {
  const std::optional<BackendId> id = find_backend(backend);
  if (!id) throw DeviceError(fmt::format("device_count: backend {} is not loaded", backend));
  return device_count_of({*id, 0});
}

bool is_loaded(std::string_view backend) {
  const std::optional<BackendId> id = find_backend(backend);
  return id && detail::backend(*id).loaded.load(std::memory_order_acquire);
}

std::vector<BackendInfo> loaded_backends() {
  std::vector<BackendInfo> loaded;
  for (int i = 0, n = detail::n_backends(); i < n; ++i)
    if (const detail::Backend& b = table().backends[i]; b.loaded.load(std::memory_order_acquire))
      loaded.push_back(b.info);
  std::sort(loaded.begin(), loaded.end(),
            [](const BackendInfo& a, const BackendInfo& b) { return a.name < b.name; });
  return loaded;
}

namespace detail {

Backend& backend(BackendId id) { return table().backends[id]; }

int n_backends() { return table().count.load(std::memory_order_acquire); }

bool is_backend_name(std::string_view s) {
  const auto in_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !s.empty() && s[0] >= 'a' && s[0] <= 'z' && std::all_of(s.begin(), s.end(), in_name);
}

BackendId intern_backend(std::string_view name) {
  if (const auto id = find_backend(name)) return *id;
  if (!is_backend_name(name)) throw DeviceError(fmt::format("'{}' is not a backend's name", name));
  Table& t = table();
  std::lock_guard lock(t.mutex);
  if (const auto id = find_backend(name)) return *id;  // another thread was first
  const int n = t.count.load(std::memory_order_relaxed);
  if (n == max_backends)
    throw DeviceError(
        fmt::format("{}: no room for another backend: {} are named already", name, max_backends));
  t.backends[n].name = name;
  t.count.store(n + 1, std::memory_order_release);
  return static_cast<BackendId>(n);
}

void throw_memory_status(int32_t status, Device device, const char* what, const char* message) {
  throw_status(status, fmt::format("{} on {}", what, to_string(device)), message);
}

const plugrad_memory& loaded_memory(Device device, const char* what) {
  return loaded_backend(device, what).memory;
}

void* stream_of(Device device) {
  const plugrad_memory& m = backend(device.backend).memory;
  return m.stream ? m.stream(m.self, device.ordinal) : nullptr;
}

void copy_bytes(Storage& storage, void* to, const void* from, size_t bytes, plugrad_copy direction) {
  const Device device = storage.device;
  const Backend& b = loaded_backend(device, "copy");
  if (on_host(device)) {
    std::memmove(to, from, bytes);
    return;
  }
  order_streams(storage, stream_of(device));
  call_memory(device, "copy",
              [&] { return b.memory.copy(b.memory.self, device.ordinal, to, from, bytes, direction); });
}

}  // namespace detail

}  // namespace plugrad

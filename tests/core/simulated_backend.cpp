#include "plugrad/tests/core/simulated_backend.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "plugrad/core/plugin.hpp"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad::tests {

namespace {

const plugrad_host* host = nullptr;
int stream_target = 0;
SimulatedState state{.stream = &stream_target};

// Not canonical: no memory is ever there.
constexpr uintptr_t tag = uintptr_t{1} << 62;
void* to_device(void* p) { return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(p) + tag); }
template <class T>
T* to_host(T* p) {
  return reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(p) - tag);
}

int32_t failing() {
  host->fail("simulated failure");
  return PLUGRAD_DEVICE_FAILED;
}

int32_t device_count(void*, int32_t* count) {
  if (state.fail) return failing();
  *count = 2;
  return PLUGRAD_OK;
}

int32_t allocate(void*, int32_t, size_t bytes, void** data) {
  if (state.fail) return failing();
  if (bytes > simulated_memory_limit) {
    host->fail("the simulated device is full");
    return PLUGRAD_OUT_OF_MEMORY;
  }
  void* p = std::malloc(bytes + 1);
  if (!p) return PLUGRAD_OUT_OF_MEMORY;
  *data = to_device(p);
  ++state.allocations;
  return PLUGRAD_OK;
}

void deallocate(void*, int32_t, void* data, size_t) {
  ++state.deallocations;
  std::free(to_host(data));
}

int32_t copy(void*, int32_t, void* to, const void* from, size_t bytes, int32_t direction) {
  if (state.fail) return failing();
  std::memcpy(direction == PLUGRAD_DEVICE_TO_HOST ? to : to_host(to),
              direction == PLUGRAD_HOST_TO_DEVICE ? from : to_host(from), bytes);
  return PLUGRAD_OK;
}

int32_t synchronize(void*, int32_t) {
  if (state.fail) return failing();
  ++state.synchronisations;
  return PLUGRAD_OK;
}

void* stream(void*, int32_t ordinal) { return ordinal == 1 ? state.stream : nullptr; }

int32_t share(void*, int32_t, void* data) {
  if (state.fail) return failing();
  state.shared.push_back(data);
  return PLUGRAD_OK;
}

int32_t statistics(void*, int32_t, plugrad_memory_statistics* s) {
  if (state.fail) return failing();
  s->allocations = state.allocations;
  s->total = simulated_memory_limit;
  return PLUGRAD_OK;
}

int32_t release_cached(void*, int32_t) {
  ++state.cache_releases;
  return PLUGRAD_OK;
}

// Copies the axes from `axis` on, row-major, to where `out` points, and moves it on.
void copy_axes(const DLTensor& x, const char* from, int axis, size_t item, char*& out) {
  if (axis == x.ndim) {
    std::memcpy(out, from, item);
    out += item;
    return;
  }
  for (int64_t i = 0; i < x.shape[axis]; ++i)
    copy_axes(x, from + i * x.strides[axis] * static_cast<int64_t>(item), axis + 1, item, out);
}

void copy_kernel(const plugin::Call& c) {
  char* out = to_host(plugin::data<char>(c.out()));
  copy_axes(c.in(0), to_host(plugin::data<char>(c.in(0))), 0, size_t{c.in(0).dtype.bits} / 8, out);
}

int32_t init_simulated(const plugrad_host* h) {
  host = h;
  plugrad_memory memory{sizeof memory, kDLExtDev,   nullptr, device_count, allocate,   deallocate,
                        copy,          synchronize, stream,  share,        statistics, release_cached};
  if (const int32_t status = h->set_memory(h->self, &memory)) return status;
  return h->add_kernel(h->self, "copy", &plugin::guarded<&copy_kernel>, nullptr);
}

int32_t init_bare(const plugrad_host*) { return PLUGRAD_OK; }

void link_unfinished(const char* name, plugrad_init_function init) {
  const ScopedVariable allow("PLUGRAD_ALLOW_INCOMPLETE", "1");
  const std::string manifest =
      std::string(R"({"plugrad": "backend", "name": ")") + name +
      R"(", "version": "1", "abi_major": )" PLUGRAD_TEXT(PLUGRAD_ABI_MAJOR) R"(, "abi_minor": )" PLUGRAD_TEXT(
          PLUGRAD_ABI_MINOR) R"(, "op_set": ""})";
  link_backend({sizeof(plugrad_plugin), manifest.c_str(), init});
}

}  // namespace

SimulatedState& simulated_backend() {
  static const bool linked = (link_unfinished(simulated_name, init_simulated), true);
  static_cast<void>(linked);
  return state;
}

void* simulated_stream() { return &stream_target; }

void bare_backend() {
  static const bool linked = (link_unfinished(bare_name, init_bare), true);
  static_cast<void>(linked);
}

}  // namespace plugrad::tests

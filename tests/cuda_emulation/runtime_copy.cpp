// Copies and fills. Those from pageable memory are staged when they are called, those to it are waited for;
// those with page-locked memory run when the stream does (API reference, API synchronization behavior).
#include <cuda_runtime_api.h>

#include <cstring>
#include <memory>
#include <vector>

#include "plugrad/tests/cuda_emulation/arena.h"
#include "plugrad/tests/cuda_emulation/counters.h"
#include "plugrad/tests/cuda_emulation/device_memory.h"
#include "plugrad/tests/cuda_emulation/errors.h"
#include "plugrad/tests/cuda_emulation/export.h"
#include "plugrad/tests/cuda_emulation/pinned_memory.h"
#include "plugrad/tests/cuda_emulation/ptx/modules.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/settings.h"
#include "plugrad/tests/cuda_emulation/stream_state.h"

namespace plugrad::cuda_emulation {
namespace {

struct Side {
  const unsigned char* p;
  size_t pitch;
  bool on_device;
};

struct Copy {
  const char* call;
  Side to;
  Side from;
  size_t width;
  size_t height;

  size_t extent(const Side& side) const { return (height - 1) * side.pitch + width; }
};

uint64_t address(const void* p) { return reinterpret_cast<uint64_t>(p); }

// The emulation's view of a device address, or the host address itself.
unsigned char* reach(const Side& side, size_t row) {
  const unsigned char* p = side.p + row * side.pitch;
  Arena& arena = Arena::instance();
  return side.on_device ? arena.open(arena.offset(address(p))) : const_cast<unsigned char*>(p);
}

void run_copy(const Copy& copy) {
  for (size_t row = 0; row < copy.height; ++row) {
    const std::string from = fmt::format("{} (source)", copy.call),
                      to = fmt::format("{} (destination)", copy.call);
    if (copy.from.on_device &&
        !check_range(copy.from.p + row * copy.from.pitch, copy.width, false, from.c_str()))
      return;
    if (copy.to.on_device && !check_range(copy.to.p + row * copy.to.pitch, copy.width, true, to.c_str()))
      return;
    std::memmove(reach(copy.to, row), reach(copy.from, row), copy.width);
  }
}

// The driver knows every allocation, and refuses what does not lie in one.
bool check_side(const Copy& copy, const Side& side, const char* name) {
  Arena& arena = Arena::instance();
  if (!side.on_device) {
    if (!arena.contains(address(side.p))) return true;
    report("host-pointer", "{}: the {} is {}, which is device memory ({}), but is said to be the host's",
           copy.call, name, static_cast<const void*>(side.p), arena.describe(address(side.p)));
    return false;
  }
  if (!arena.contains(address(side.p))) {
    report("host-pointer", "{}: the {} {} is no device pointer", copy.call, name,
           static_cast<const void*>(side.p));
    return false;
  }
  if (arena.holds(address(side.p), copy.extent(side))) return true;
  const bool freed = *arena.states(arena.offset(address(side.p))) == ByteState::Freed;
  report(freed ? "use-after-free" : "out-of-bounds", "{}: {} bytes at {} ({}): {}", copy.call,
         copy.extent(side), static_cast<const void*>(side.p), name, arena.describe(address(side.p)));
  return false;
}

bool set_sides(Copy& copy, cudaMemcpyKind kind) {
  if (kind == cudaMemcpyDefault) {
    copy.to.on_device = is_device_pointer(copy.to.p);
    copy.from.on_device = is_device_pointer(copy.from.p);
    return true;
  }
  if (kind != cudaMemcpyHostToHost && kind != cudaMemcpyHostToDevice && kind != cudaMemcpyDeviceToHost &&
      kind != cudaMemcpyDeviceToDevice)
    return false;
  copy.to.on_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  copy.from.on_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  return true;
}

void enqueue_pinned_source(Stream& stream, const Copy& copy) {
  const size_t bytes = copy.extent(copy.from);
  const uint64_t before = checksum(copy.from.p, bytes);
  const Enqueued work = enqueue_on(
      stream,
      [copy, bytes, before] {
        if (checksum(copy.from.p, bytes) != before) report_reuse(copy.from.p);
        run_copy(copy);
      },
      copy.call);
  note_pinned_source(copy.from.p, bytes, work);
}

void enqueue_staged(Stream& stream, Copy copy) {
  const size_t bytes = copy.extent(copy.from);
  auto staged = std::make_shared<std::vector<unsigned char>>(copy.from.p, copy.from.p + bytes);
  copy.from.p = staged->data();
  enqueue_on(
      stream, [copy, staged] { run_copy(copy); }, copy.call);
}

void enqueue_copy(Stream& stream, const Copy& copy, bool blocking) {
  const bool pinned_from = !copy.from.on_device && is_pinned(copy.from.p, copy.extent(copy.from));
  const bool pinned_to = !copy.to.on_device && is_pinned(copy.to.p, copy.extent(copy.to));
  if (!copy.from.on_device && copy.to.on_device) {
    if (pinned_from) enqueue_pinned_source(stream, copy);
    else enqueue_staged(stream, copy);
  } else {
    const Enqueued work = enqueue_on(
        stream, [copy] { run_copy(copy); }, copy.call);
    if (pinned_to) note_pinned_destination(const_cast<unsigned char*>(copy.to.p), copy.extent(copy.to), work);
  }
  const bool on_device = copy.from.on_device && copy.to.on_device;
  if ((blocking && !on_device) || (!copy.to.on_device && !pinned_to)) {
    count(Counter::Synchronisations);
    drain(stream);
  }
}

cudaError_t start_copy(Copy copy, cudaMemcpyKind kind, cudaStream_t handle, bool blocking) {
  Stream* stream = find_stream(handle, copy.call);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (copy.width == 0 || copy.height == 0) return cudaSuccess;
  if (!set_sides(copy, kind)) return cudaErrorInvalidMemcpyDirection;
  if (copy.height > 1 && (copy.width > copy.to.pitch || copy.width > copy.from.pitch))
    return cudaErrorInvalidPitchValue;
  if (!check_side(copy, copy.to, "destination") || !check_side(copy, copy.from, "source"))
    return cudaErrorInvalidValue;
  count(Counter::Copies);
  enqueue_copy(*stream, copy, blocking);
  return sticky_error();
}

const unsigned char* bytes(const void* p) { return static_cast<const unsigned char*>(p); }

cudaError_t start_fill(const char* call, void* p, size_t pitch, int value, size_t width, size_t height,
                       cudaStream_t handle) {
  Stream* stream = find_stream(handle, call);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (width == 0 || height == 0) return cudaSuccess;
  const Copy fill{call, {bytes(p), pitch, true}, {nullptr, 0, false}, width, height};
  if (!check_side(fill, fill.to, "destination")) return cudaErrorInvalidValue;
  enqueue_on(
      *stream,
      [fill, value] {
        for (size_t row = 0; row < fill.height; ++row)
          if (check_range(fill.to.p + row * fill.to.pitch, fill.width, true, fill.call))
            std::memset(reach(fill.to, row), value, fill.width);
      },
      call);
  return sticky_error();
}

}  // namespace
}  // namespace plugrad::cuda_emulation

using namespace plugrad::cuda_emulation;

extern "C" {

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemcpy(void* to, const void* from, size_t n, cudaMemcpyKind kind) {
  return api("cudaMemcpy", [&] {
    return start_copy({"cudaMemcpy", {bytes(to), n, false}, {bytes(from), n, false}, n, 1}, kind, nullptr,
                      true);
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t n,
                                                       cudaMemcpyKind kind, cudaStream_t stream) {
  return api("cudaMemcpyAsync", [&] {
    return start_copy({"cudaMemcpyAsync", {bytes(to), n, false}, {bytes(from), n, false}, n, 1}, kind, stream,
                      false);
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from,
                                                    size_t from_pitch, size_t width, size_t height,
                                                    cudaMemcpyKind kind) {
  return api("cudaMemcpy2D", [&] {
    return start_copy(
        {"cudaMemcpy2D", {bytes(to), to_pitch, false}, {bytes(from), from_pitch, false}, width, height}, kind,
        nullptr, true);
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from,
                                                         size_t from_pitch, size_t width, size_t height,
                                                         cudaMemcpyKind kind, cudaStream_t stream) {
  return api("cudaMemcpy2DAsync", [&] {
    return start_copy(
        {"cudaMemcpy2DAsync", {bytes(to), to_pitch, false}, {bytes(from), from_pitch, false}, width, height},
        kind, stream, false);
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemset(void* p, int value, size_t n) {
  return api("cudaMemset", [&] { return start_fill("cudaMemset", p, n, value, n, 1, nullptr); });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemsetAsync(void* p, int value, size_t n, cudaStream_t stream) {
  return api("cudaMemsetAsync", [&] { return start_fill("cudaMemsetAsync", p, n, value, n, 1, stream); });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemset2DAsync(void* p, size_t pitch, int value, size_t width,
                                                         size_t height, cudaStream_t stream) {
  return api("cudaMemset2DAsync",
             [&] { return start_fill("cudaMemset2DAsync", p, pitch, value, width, height, stream); });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaGetSymbolAddress(void** p, const void* symbol) {
  return api("cudaGetSymbolAddress", [&] {
    uint64_t where = 0, size = 0;
    const cudaError_t error = ptx::find_symbol(symbol, where, size);
    *p = reinterpret_cast<void*>(where);
    return error;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaGetSymbolSize(size_t* n, const void* symbol) {
  return api("cudaGetSymbolSize", [&] {
    uint64_t where = 0;
    return ptx::find_symbol(symbol, where, *n);
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* from, size_t n,
                                                          size_t offset, cudaMemcpyKind kind) {
  return api("cudaMemcpyToSymbol", [&] {
    uint64_t where = 0, size = 0;
    if (const cudaError_t error = ptx::find_symbol(symbol, where, size); error != cudaSuccess) return error;
    auto* to = reinterpret_cast<void*>(where + offset);
    return start_copy({"cudaMemcpyToSymbol", {bytes(to), n, false}, {bytes(from), n, false}, n, 1}, kind,
                      nullptr, true);
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaMemcpyFromSymbol(void* to, const void* symbol, size_t n,
                                                            size_t offset, cudaMemcpyKind kind) {
  return api("cudaMemcpyFromSymbol", [&] {
    uint64_t where = 0, size = 0;
    if (const cudaError_t error = ptx::find_symbol(symbol, where, size); error != cudaSuccess) return error;
    const auto* from = reinterpret_cast<const void*>(where + offset);
    return start_copy({"cudaMemcpyFromSymbol", {bytes(to), n, false}, {bytes(from), n, false}, n, 1}, kind,
                      nullptr, true);
  });
}

}  // extern "C"

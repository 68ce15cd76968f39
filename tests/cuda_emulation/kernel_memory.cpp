// The checks of single accesses. The usual case (initialised bytes) costs one comparison and one look at a
// race cell.
#include "plugrad/tests/cuda_emulation/kernel_memory.h"

#include <cstring>

#include "plugrad/tests/cuda_emulation/arena.h"
#include "plugrad/tests/cuda_emulation/block.h"
#include "plugrad/tests/cuda_emulation/operations.h"
#include "plugrad/tests/cuda_emulation/pinned_memory.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/shared_memory.h"

namespace plugrad::cuda_emulation {
namespace {

const char* verb(AccessKind kind) {
  return !writes(kind) ? "reads" : !reads(kind) ? "writes" : "changes atomically";
}

template <class Word>
bool equals(const ByteState* states, uint64_t pattern) {
  Word word;
  std::memcpy(&word, states, sizeof word);
  return word == static_cast<Word>(pattern);
}

bool all_initialised(const ByteState* states, uint32_t bytes) {
  constexpr uint64_t kPattern = 0x0202020202020202;
  static_assert(static_cast<int>(ByteState::Initialised) == 2);
  switch (bytes) {
    case 1:
      return *states == ByteState::Initialised;
    case 2:
      return equals<uint16_t>(states, kPattern);
    case 4:
      return equals<uint32_t>(states, kPattern);
    case 8:
      return equals<uint64_t>(states, kPattern);
    default:
      for (uint32_t i = 0; i < bytes; i += 8)
        if (!equals<uint64_t>(states + i, kPattern)) return false;
      return true;
  }
}

bool misaligned(DeviceThread& thread, uint64_t address, uint32_t bytes, AccessKind kind, const char* space) {
  if ((address & (bytes - 1)) == 0) return false;
  report("misaligned", "{} {} bytes at {}{:#x}, which is no multiple of {}", verb(kind), bytes, space,
         address, bytes);
  thread.block->fail(cudaErrorMisalignedAddress);
  return true;
}

Accessor accessor(const DeviceThread& thread) { return {thread.index, &thread.warp->clocks}; }

// Global memory that is not all initialised. False: the access is forbidden.
bool check_states(DeviceThread& thread, uint64_t address, ByteState* states, uint32_t bytes,
                  AccessKind kind) {
  Arena& arena = Arena::instance();
  for (uint32_t i = 0; i < bytes; ++i) {
    const bool bad_read = states[i] == ByteState::Uninitialised && reads(kind);
    const bool gone = states[i] == ByteState::None || states[i] == ByteState::Freed;
    if (!bad_read && !gone) continue;
    const char* name = bad_read                        ? "uninitialised"
                       : states[i] == ByteState::Freed ? "use-after-free"
                                                       : "out-of-bounds";
    report(name, "{} {} bytes at {:#x}: {}", verb(kind), bytes, address, arena.describe(address + i));
    if (bad_read) break;
    thread.block->fail(cudaErrorIllegalAddress);
    return false;
  }
  if (writes(kind))
    for (uint32_t i = 0; i < bytes; ++i)
      if (states[i] == ByteState::Uninitialised) states[i] = ByteState::Initialised;
  return true;
}

// False: outside of the variables.
bool check_shared_states(ByteState* states, uint32_t bytes, AccessKind kind) {
  bool uninitialised = false;
  for (uint32_t i = 0; i < bytes; ++i) {
    if (states[i] == ByteState::None) return false;
    uninitialised = uninitialised || states[i] == ByteState::Uninitialised;
    if (writes(kind)) states[i] = ByteState::Initialised;
  }
  if (uninitialised && reads(kind))
    report("shared-uninitialised", "{} {} bytes of shared memory", verb(kind), bytes);
  return true;
}

void report_race(Conflict conflict, uint64_t address, uint32_t bytes, AccessKind kind, const char* space) {
  switch (conflict) {
    case Conflict::None:
      return;
    case Conflict::Thread:
      report("race",
             "{} {} bytes of {} memory at {:#x}, unordered with an access by another thread of the block",
             verb(kind), bytes, space, address);
      return;
    case Conflict::Block:
      report("race", "{} {} bytes of {} memory at {:#x}, unordered with an access by another block",
             verb(kind), bytes, space, address);
      return;
    case Conflict::Stream:
      report("stream-race",
             "{} {} bytes at {:#x} ({}), unordered with '{}' in another stream: neither an event nor a "
             "wait of the host lies between them",
             verb(kind), bytes, address, Arena::instance().describe(address),
             RaceChecker::instance().conflicting());
      return;
  }
}

unsigned char* host_memory(DeviceThread& thread, uint64_t address, uint32_t bytes, AccessKind kind) {
  auto* p = reinterpret_cast<unsigned char*>(address);
  if (is_pinned(p, bytes)) return p;  // page-locked memory is mapped into the device's address space
  report("host-pointer", "{} {} bytes at {:#x}, which is not device memory", verb(kind), bytes, address);
  thread.block->fail(cudaErrorIllegalAddress);
  return nullptr;
}

}  // namespace

unsigned char* global_memory(DeviceThread& thread, uint64_t address, uint32_t bytes, AccessKind kind) {
  Arena& arena = thread.block->arena();
  if (!arena.contains(address)) return host_memory(thread, address, bytes, kind);
  if (misaligned(thread, address, bytes, kind, "")) return nullptr;
  const uint64_t offset = arena.offset(address);
  ByteState* states = arena.states(offset);
  if (!all_initialised(states, bytes) && !check_states(thread, address, states, bytes, kind)) return nullptr;
  const Conflict conflict =
      thread.block->races().check(arena.cells(), offset, bytes, kind, accessor(thread), false);
  if (conflict != Conflict::None) report_race(conflict, address, bytes, kind, "global");
  return arena.open(offset);
}

unsigned char* shared_memory(DeviceThread& thread, uint32_t offset, uint32_t bytes, AccessKind kind) {
  const SharedMemory& shared = thread.block->shared();
  if (misaligned(thread, offset, bytes, kind, "shared offset ")) return nullptr;
  ByteState* states = offset < kSharedWindow - bytes ? shared.states(offset) : nullptr;
  if (!states || (!all_initialised(states, bytes) && !check_shared_states(states, bytes, kind))) {
    report("shared-out-of-bounds", "{} {} bytes at shared offset {:#x}, outside every shared variable",
           verb(kind), bytes, offset);
    thread.block->fail(cudaErrorIllegalAddress);
    return nullptr;
  }
  const Conflict conflict =
      thread.block->races().check(shared.cells(), offset, bytes, kind, accessor(thread), true);
  if (conflict != Conflict::None) report_race(conflict, offset, bytes, kind, "shared");
  return shared.data(offset);
}

unsigned char* local_memory(DeviceThread& thread, uint64_t offset, uint32_t bytes, AccessKind kind) {
  if (misaligned(thread, offset, bytes, kind, "local offset ")) return nullptr;
  const uint64_t end = thread.local_base + thread.call->function->local_bytes;
  if (offset + bytes <= end) return thread.local + offset;
  report("local-out-of-bounds", "{} {} bytes at local offset {}, beyond the {} bytes of the thread",
         verb(kind), bytes, offset, end);
  thread.block->fail(cudaErrorIllegalAddress);
  return nullptr;
}

unsigned char* parameter_memory(DeviceThread& thread, uint64_t offset, uint32_t bytes, AccessKind kind) {
  if (offset + bytes <= thread.call->function->frame_bytes) return thread.frame + offset;
  report("parameter-out-of-bounds", "{} {} bytes at parameter offset {}", verb(kind), bytes, offset);
  thread.block->fail(cudaErrorIllegalAddress);
  return nullptr;
}

unsigned char* generic_memory(DeviceThread& thread, uint64_t address, uint32_t bytes, AccessKind kind) {
  if (thread.block->arena().contains(address)) return global_memory(thread, address, bytes, kind);
  const SharedMemory& shared = thread.block->shared();
  if (shared.contains(address))
    return shared_memory(thread, static_cast<uint32_t>(address - shared.base()), bytes, kind);
  const auto local = reinterpret_cast<uint64_t>(thread.local);
  if (address - local < thread.block->local_stride())
    return local_memory(thread, address - local, bytes, kind);
  auto* p = reinterpret_cast<unsigned char*>(address);
  if (p >= thread.frames_begin && p + bytes <= thread.frames_end) return p;
  if (thread.block->owns_local(address)) {
    report("foreign-local", "{} {} bytes of another thread's local memory", verb(kind), bytes);
    thread.block->fail(cudaErrorIllegalAddress);
    return nullptr;
  }
  return host_memory(thread, address, bytes, kind);
}

}  // namespace plugrad::cuda_emulation

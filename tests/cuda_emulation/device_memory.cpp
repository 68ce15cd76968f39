// The checks of whole ranges, and the door through which emulated library calls reach the device's memory.
#include "plugrad/tests/cuda_emulation/device_memory.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "plugrad/tests/cuda_emulation/arena.h"
#include "plugrad/tests/cuda_emulation/operations.h"
#include "plugrad/tests/cuda_emulation/races.h"
#include "plugrad/tests/cuda_emulation/reports.h"

namespace plugrad::cuda_emulation {
namespace {

std::mutex access_mutex;
int accesses = 0;

const char* verb(bool write) { return write ? "writes" : "reads"; }

// The first byte whose state forbids the access; n when there is none.
size_t first_forbidden(const ByteState* states, size_t n, bool write) {
  const ByteState least = write ? ByteState::Uninitialised : ByteState::Initialised;
  const auto forbidden = [&](ByteState s) { return s < least || s == ByteState::Freed; };
  return static_cast<size_t>(std::find_if(states, states + n, forbidden) - states);
}

bool check_states(uint64_t address, size_t n, bool write, const char* what) {
  Arena& arena = Arena::instance();
  const uint64_t offset = arena.offset(address);
  const ByteState* states = arena.states(offset);
  const size_t bad = first_forbidden(states, n, write);
  if (bad == n) return true;
  const std::string where = arena.describe(address + bad);
  switch (states[bad]) {
    case ByteState::Uninitialised:
      report("uninitialised", "{} reads {} bytes at {:#x}, uninitialised from {}", what, n, address, where);
      // Gaps further on would be worse.
      return first_forbidden(states, n, true) == n;
    case ByteState::Freed:
      report("use-after-free", "{} {} {} bytes at {:#x}: {}", what, verb(write), n, address, where);
      return false;
    default:
      report("out-of-bounds", "{} {} {} bytes at {:#x}: {}", what, verb(write), n, address, where);
      return false;
  }
}

void check_streams(uint64_t offset, size_t n, bool write, const char* what) {
  RaceChecker& races = RaceChecker::instance();
  constexpr size_t kStep = 1 << 16;
  for (size_t at = 0; at < n; at += kStep) {
    const auto bytes = static_cast<uint32_t>(std::min(kStep, n - at));
    const Conflict conflict = races.check(Arena::instance().cells(), offset + at, bytes,
                                          write ? AccessKind::Write : AccessKind::Read, {}, false);
    if (conflict != Conflict::Stream) continue;
    report("stream-race",
           "{} {} {} bytes, unordered with '{}' in another stream: neither an event nor a wait of the "
           "host lies between them",
           what, verb(write), n, races.conflicting());
    return;
  }
}

}  // namespace

bool is_device_pointer(const void* p) { return Arena::instance().contains(reinterpret_cast<uint64_t>(p)); }

bool check_range(const void* p, size_t n, bool write, const char* what) {
  if (n == 0) return true;
  Arena& arena = Arena::instance();
  const auto address = reinterpret_cast<uint64_t>(p);
  if (!arena.contains(address) || n > arena.size() - arena.offset(address)) {
    report("host-pointer", "{}: {} is no device pointer", what, p);
    return false;
  }
  if (!check_states(address, n, write, what)) return false;
  if (OperationHistory::instance().current()) check_streams(arena.offset(address), n, write, what);
  if (write) std::memset(arena.states(arena.offset(address)), static_cast<int>(ByteState::Initialised), n);
  return true;
}

DeviceAccess::DeviceAccess() {
  const std::lock_guard lock(access_mutex);
  if (accesses++ == 0) Arena::instance().set_host_access(true);
}

DeviceAccess::~DeviceAccess() {
  const std::lock_guard lock(access_mutex);
  if (--accesses == 0) Arena::instance().set_host_access(false);
}

}  // namespace plugrad::cuda_emulation

// The mappings, the map of allocations, and how an address is described.
#include "plugrad/tests/cuda_emulation/arena.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "plugrad/tests/cuda_emulation/host_guard.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/reserve.h"
#include "plugrad/tests/cuda_emulation/settings.h"

namespace plugrad::cuda_emulation {
namespace {

constexpr uint64_t kAlignment =
    256;  // "aligned to at least 256 bytes" (Programming Guide, Device Memory Accesses)
constexpr unsigned char kFresh = 0xcd;
constexpr unsigned char kFreedByte = 0xdd;

uint64_t round_up(uint64_t n, uint64_t unit) { return (n + unit - 1) / unit * unit; }

// What is left free behind an allocation, so that an index that is too large by its own length is still
// caught.
uint64_t gap(uint64_t bytes) { return std::clamp<uint64_t>(round_up(bytes, kAlignment), 4096, 1 << 20); }

void* map(uint64_t bytes, int protection, int file) {
  void* p = mmap(nullptr, bytes, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  return p;
}

}  // namespace

Arena& Arena::instance() {
  static auto* const instance = new Arena;
  return *instance;
}

Arena::Arena() {
  const auto devices = static_cast<uint64_t>(std::max(settings().devices, 1));
  size_ = round_up(4 * devices * settings().memory + (uint64_t{1} << 32), 1 << 16);
  file_ = memfd_create("cuda_emulation", MFD_CLOEXEC);
  if (file_ < 0 || ftruncate(file_, static_cast<off_t>(size_)) != 0) throw std::bad_alloc();
  base_ = reinterpret_cast<uint64_t>(map(size_, PROT_NONE, file_));
  open_ = static_cast<unsigned char*>(map(size_, PROT_READ | PROT_WRITE, file_));
  states_ = static_cast<ByteState*>(reserve(size_));
  cells_ = Cells(size_);
  next_ = gap(0);
  guard_against_host(base_, size_);
}

std::optional<uint64_t> Arena::find_room(uint64_t bytes) {
  const uint64_t need = round_up(bytes, kAlignment) + gap(bytes);
  for (uint64_t at = next_; at + need <= size_;) {
    auto next = std::find_if(allocations_.lower_bound(at), allocations_.end(),
                             [](const auto& entry) { return entry.second.live; });
    if (next == allocations_.end() || next->first >= at + need) return at;
    at = round_up(next->first + next->second.bytes, kAlignment) + gap(next->second.bytes);
  }
  return std::nullopt;
}

void Arena::forget(uint64_t begin, uint64_t end) {
  auto first = allocations_.lower_bound(begin);
  if (first != allocations_.begin()) {
    auto before = std::prev(first);
    if (!before->second.live && before->first + before->second.bytes > begin) first = before;
  }
  for (auto it = first; it != allocations_.end() && it->first < end;) {
    std::memset(states(it->first), 0, it->second.bytes);
    it = allocations_.erase(it);
  }
}

uint64_t Arena::allocate(uint64_t bytes, int device) {
  if (bytes > settings().memory || used(device) + round_up(bytes, kAlignment) > settings().memory) return 0;
  auto room = find_room(bytes);
  if (!room) {
    next_ = gap(0);
    room = find_room(bytes);
  }
  if (!room) return 0;
  next_ = *room + round_up(bytes, kAlignment) + gap(bytes);
  forget(*room, *room + bytes);
  allocations_[*room] = {bytes, device, true};
  std::memset(open(*room), kFresh, bytes);
  std::memset(states(*room), static_cast<int>(ByteState::Uninitialised), bytes);
  touched_ = std::max(touched_, next_);
  return base_ + *room;
}

bool Arena::release(uint64_t address) {
  auto it = contains(address) ? allocations_.find(offset(address)) : allocations_.end();
  if (it == allocations_.end() || !it->second.live) return false;
  const uint64_t begin = it->first;
  const uint64_t end = begin + it->second.bytes;
  it->second.live = false;
  std::memset(states(begin), static_cast<int>(ByteState::Freed), end - begin);
  std::memset(open(begin), kFreedByte, std::min<uint64_t>(end - begin, 4096));
  discard_pages(begin, end);
  return true;
}

void Arena::discard_pages(uint64_t begin, uint64_t end) {
  constexpr uint64_t kWorthIt = 1 << 16;
  if (end - begin < kWorthIt) return;
  const uint64_t first = round_up(begin, 4096);
  fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(first),
            static_cast<off_t>(end / 4096 * 4096 - first));
  cells_.discard_pages(begin, end);
}

void Arena::release_all(int device) {
  for (auto& [begin, allocation] : allocations_)
    if (allocation.live && allocation.device == device) release(base_ + begin);
}

uint64_t Arena::used(int device) const {
  uint64_t sum = 0;
  for (const auto& [begin, allocation] : allocations_)
    if (allocation.live && allocation.device == device) sum += round_up(allocation.bytes, kAlignment);
  return sum;
}

std::optional<int> Arena::device_of(uint64_t address) const {
  auto it = allocations_.upper_bound(offset(address));
  if (it == allocations_.begin()) return std::nullopt;
  --it;
  const bool inside = it->second.live && offset(address) < it->first + it->second.bytes;
  return inside ? std::optional(it->second.device) : std::nullopt;
}

bool Arena::holds(uint64_t address, uint64_t bytes) const {
  if (!contains(address) || !device_of(address)) return false;
  const auto& [begin, allocation] = *std::prev(allocations_.upper_bound(offset(address)));
  return offset(address) + bytes <= begin + allocation.bytes;
}

void Arena::hand_over(uint64_t address, uint64_t bytes, ByteState state, const char* what) {
  if (!holds(address, bytes)) {
    report("bad-sub-allocation", "{}({:#x}, {}): {}", what, address, bytes, describe(address));
    return;
  }
  std::memset(states(offset(address)), static_cast<int>(state), bytes);
}

void Arena::sub_allocate(uint64_t address, uint64_t bytes) {
  hand_over(address, bytes, ByteState::Uninitialised, "cuda_emulation_sub_allocate");
}

void Arena::sub_free(uint64_t address, uint64_t bytes) {
  hand_over(address, bytes, ByteState::Freed, "cuda_emulation_sub_free");
}

void Arena::set_host_access(bool open) {
  if (touched_)
    mprotect(reinterpret_cast<void*>(base_), round_up(touched_, 4096),
             open ? PROT_READ | PROT_WRITE : PROT_NONE);
}

std::string Arena::describe(uint64_t address) const {
  if (!contains(address)) return "not device memory";
  const uint64_t at = offset(address);
  auto next = allocations_.upper_bound(at);
  if (next == allocations_.begin()) return "before every allocation";
  const auto& [begin, allocation] = *std::prev(next);
  const char* name = allocation.live ? "allocation" : "freed allocation";
  if (at < begin + allocation.bytes)
    return fmt::format("byte {} of the {} bytes of the {} at {:#x}", at - begin, allocation.bytes, name,
                       base_ + begin);
  return fmt::format("{} bytes past the end of the {} bytes of the {} at {:#x}",
                     at - begin - allocation.bytes, allocation.bytes, name, base_ + begin);
}

}  // namespace plugrad::cuda_emulation

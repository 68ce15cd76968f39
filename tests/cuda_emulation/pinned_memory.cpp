// A list of ranges and a list of copies.
#include "plugrad/tests/cuda_emulation/pinned_memory.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "plugrad/tests/cuda_emulation/reports.h"

namespace plugrad::cuda_emulation {
namespace {

struct Copy {
  uintptr_t begin;
  size_t bytes;
  bool source;
  uint64_t checksum;
  Enqueued work;
};

struct Pinned {
  std::map<uintptr_t, size_t> ranges;
  std::vector<Copy> copies;
};

Pinned& pinned() {
  static auto* const instance = new Pinned;
  return *instance;
}

bool overlaps(const Copy& copy, uintptr_t begin, size_t bytes) {
  return copy.begin < begin + bytes && begin < copy.begin + copy.bytes;
}

}  // namespace

uint64_t checksum(const void* p, size_t bytes) {
  return std::hash<std::string_view>{}({static_cast<const char*>(p), bytes});
}

void add_pinned(void* p, size_t bytes) { pinned().ranges[reinterpret_cast<uintptr_t>(p)] = bytes; }

bool remove_pinned(void* p) {
  verify_pinned_sources();
  const auto begin = reinterpret_cast<uintptr_t>(p);
  auto it = pinned().ranges.find(begin);
  if (it == pinned().ranges.end()) return false;
  for (const Copy& copy : pinned().copies)
    if (overlaps(copy, begin, it->second))
      report("pinned-free",
             "page-locked memory at {} is given back while a copy of {} bytes that uses it may be running", p,
             copy.bytes);
  std::erase_if(pinned().copies, [&](const Copy& copy) { return overlaps(copy, begin, it->second); });
  pinned().ranges.erase(it);
  return true;
}

bool is_pinned(const void* p, size_t bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(p);
  auto it = pinned().ranges.upper_bound(begin);
  if (it == pinned().ranges.begin()) return false;
  --it;
  return begin + bytes <= it->first + it->second;
}

void note_pinned_source(const void* p, size_t bytes, Enqueued copy) {
  pinned().copies.push_back({reinterpret_cast<uintptr_t>(p), bytes, true, checksum(p, bytes), copy});
}

void note_pinned_destination(void* p, size_t bytes, Enqueued copy) {
  const auto begin = reinterpret_cast<uintptr_t>(p);
  // The device itself changes these bytes from now on: their old contents say nothing about the host.
  std::erase_if(pinned().copies, [&](const Copy& c) { return c.source && overlaps(c, begin, bytes); });
  pinned().copies.push_back({begin, bytes, false, 0, copy});
}

void report_reuse(const void* p) {
  report("pinned-reuse",
         "the host changed page-locked memory at {} before it waited for the copy that reads it", p);
}

void verify_pinned_sources() {
  std::erase_if(pinned().copies, [](const Copy& copy) {
    if (!host_has_seen(copy.work)) return false;
    const auto* p = reinterpret_cast<const void*>(copy.begin);
    if (copy.source && checksum(p, copy.bytes) != copy.checksum) report_reuse(p);
    return true;
  });
}

}  // namespace plugrad::cuda_emulation

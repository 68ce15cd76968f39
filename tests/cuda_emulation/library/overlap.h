// Whether what a library call writes lies apart from what it reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace plugrad::cuda_emulation {

// Bytes [begin, end) of memory.
struct Extent {
  std::uintptr_t begin, end;

  Extent(const void* p, size_t bytes) : begin(reinterpret_cast<std::uintptr_t>(p)), end(begin + bytes) {}
};

inline bool overlap(const Extent& a, const Extent& b) { return a.begin < b.end && b.begin < a.end; }

// Whether an extent of `written` shares bytes with another one of `written` or with one of `read`.
bool overlaps(std::vector<Extent> written, std::vector<Extent> read);

}  // namespace plugrad::cuda_emulation

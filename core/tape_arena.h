// The memory of tapes: chunks that are filled from the bottom and kept for the next recording.
#pragma once

#include <cstddef>

#include "plugrad/core/thread_state.h"

namespace plugrad::detail {

struct TapeChunk {
  TapeChunk* next;
  size_t bytes;
};

// Goes on to a chunk with room for `bytes`. Throws std::bad_alloc.
PLUGRAD_COLD void grow_tape(ThreadState& t, size_t bytes);
// Back to the first chunk's bottom.
void rewind_tape(ThreadState& t);
void free_tape_chunks(ThreadState& t);

// `bytes` aligned to 8, valid until the tape is rewound.
inline void* take_from_tape(ThreadState& t, size_t bytes) {
  bytes = (bytes + 7) & ~size_t{7};
  if (static_cast<size_t>(t.arena_end - t.arena) < bytes) [[unlikely]]
    grow_tape(t, bytes);
  void* p = t.arena;
  t.arena += bytes;
  return p;
}

}  // namespace plugrad::detail

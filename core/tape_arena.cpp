#include "plugrad/core/tape_arena.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace plugrad::detail {

namespace {

constexpr size_t usual_chunk = 64 << 10;

void enter(ThreadState& t, TapeChunk* c) {
  t.chunk = c;
  t.arena = reinterpret_cast<char*>(c + 1);
  t.arena_end = reinterpret_cast<char*>(c) + c->bytes;
}

}  // namespace

void grow_tape(ThreadState& t, size_t bytes) {
  const size_t needed = bytes + sizeof(TapeChunk);
  TapeChunk* following = t.chunk ? t.chunk->next : t.chunks;
  if (!following || following->bytes < needed) {
    const size_t size = std::max(usual_chunk, needed);
    auto* fresh = static_cast<TapeChunk*>(std::malloc(size));
    if (!fresh) throw std::bad_alloc();
    ++t.upstream_allocations;
    fresh->bytes = size;
    fresh->next = following;
    (t.chunk ? t.chunk->next : t.chunks) = fresh;
    following = fresh;
  }
  enter(t, following);
}

void rewind_tape(ThreadState& t) {
  if (t.chunks) enter(t, t.chunks);
}

void free_tape_chunks(ThreadState& t) {
  while (TapeChunk* c = t.chunks) {
    t.chunks = c->next;
    std::free(c);
  }
  t.chunk = nullptr;
  t.arena = t.arena_end = nullptr;
}

}  // namespace plugrad::detail

// The rules of order, and the bookkeeping of who touched a cell.
#include "plugrad/tests/cuda_emulation/races.h"

#include <algorithm>

#include "plugrad/tests/cuda_emulation/reserve.h"

namespace plugrad::cuda_emulation {

Cells::Cells(uint64_t bytes)
    : words_(static_cast<Cell*>(reserve(bytes / 4 * sizeof(Cell)))),
      bytes_(static_cast<Cell*>(reserve(bytes * sizeof(Cell)))) {}

void Cells::discard_pages(uint64_t begin, uint64_t end) const {
  discard(words_ + (begin + 3) / 4, words_ + end / 4);
  discard(bytes_ + begin, bytes_ + end);
}

void WarpClocks::reset() {
  if (!used) return;
  now.fill(1);
  for (auto& lane : seen) lane.fill(0);
  used = false;
}

bool WarpClocks::meet(uint32_t mask) {
  used = true;
  std::array<uint32_t, 32> all{};
  for (uint32_t lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1)
      for (uint32_t other = 0; other < 32; ++other) all[other] = std::max(all[other], seen[lane][other]);
  bool room = true;
  for (uint32_t lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1) all[lane] = now[lane];
  for (uint32_t lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1) {
      seen[lane] = all;
      room = ++now[lane] < kMaxClock && room;
    }
  return room;
}

RaceChecker& RaceChecker::instance() {
  static auto* const instance = new RaceChecker;
  return *instance;
}

void RaceChecker::begin_operation() {
  operation_start_ = block_start_ = ++phase_;
  known_ = {};
}

void RaceChecker::begin_block() { block_start_ = ++phase_; }

Conflict RaceChecker::against_phase(uint32_t phase) {
  if (phase >= block_start_) return Conflict::None;
  if (phase >= operation_start_) return Conflict::Block;
  if (phase < known_.begin || phase >= known_.end) known_ = OperationHistory::instance().find(phase);
  if (known_.ordered) return Conflict::None;
  conflicting_ = known_.name;
  return Conflict::Stream;
}

Conflict RaceChecker::against(AccessRecord record, const Accessor& who, bool shared) {
  const uint32_t phase = record.phase();
  if (phase == 0) return Conflict::None;
  if (phase != phase_) return shared ? Conflict::None : against_phase(phase);
  if (!who.warp || record.thread() == who.thread) return Conflict::None;
  const bool same_warp = record.thread() / 32 == who.thread / 32;
  const bool met = same_warp && record.clock() <= who.warp->seen[who.thread % 32][record.thread() % 32];
  return met ? Conflict::None : Conflict::Thread;
}

// What the cell no longer has a record of: readers and atomics of earlier blocks, atomics of other warps.
Conflict RaceChecker::against_others(const Cell& cell, AccessKind kind, const Accessor& who, bool shared) {
  if (!is_strong(kind) && cell.writer.several_warps() && cell.writer.phase() == phase_ && who.warp)
    return Conflict::Thread;
  if (shared) return Conflict::None;
  const auto other_block = [&](uint32_t phase) { return phase >= operation_start_ && phase < block_start_; };
  if (writes(kind) && other_block(cell.first_read)) return Conflict::Block;
  if (!is_strong(kind) && other_block(cell.first_write)) return Conflict::Block;
  return Conflict::None;
}

void RaceChecker::note_read(Cell& cell, AccessKind kind, const Accessor& who) {
  const AccessRecord mine(phase_, who.thread, who.warp ? who.warp->now[who.thread % 32] : 0, is_strong(kind));
  if (!is_strong(kind) && cell.first_read < operation_start_) cell.first_read = phase_;
  AccessRecord& first = cell.readers[0];
  AccessRecord& second = cell.readers[1];
  if (first.phase() != phase_ || first.thread() == mine.thread()) {
    if (first.phase() != phase_ && first.phase() > second.phase()) second = first;
    first = mine;
  } else if (second.phase() != phase_ || second.thread() / 32 == first.thread() / 32 ||
             second.thread() == mine.thread()) {
    second = mine;
  }
}

void RaceChecker::note_write(Cell& cell, AccessKind kind, const Accessor& who) {
  AccessRecord mine(phase_, who.thread, who.warp ? who.warp->now[who.thread % 32] : 0, is_strong(kind));
  const AccessRecord& last = cell.writer;
  if (mine.atomic() && last.atomic() && last.phase() == phase_ &&
      (last.several_warps() || last.thread() / 32 != mine.thread() / 32))
    mine.set_several_warps();
  if (cell.first_write < operation_start_) cell.first_write = phase_ & 0x7fffffff;
  cell.writer = mine;
}

Conflict RaceChecker::check_cell(Cell& cell, AccessKind kind, const Accessor& who, bool shared) {
  Conflict conflict = against_others(cell, kind, who, shared);
  const bool both_atomic = is_strong(kind) && cell.writer.atomic();
  if (conflict == Conflict::None) {
    conflict = against(cell.writer, who, shared);
    if (both_atomic && conflict != Conflict::Stream) conflict = Conflict::None;
  }
  if (!writes(kind)) {
    note_read(cell, kind, who);
    return conflict;
  }
  for (const AccessRecord& reader : cell.readers)
    if (conflict == Conflict::None && !(is_strong(kind) && reader.atomic()))
      conflict = against(reader, who, shared);
  note_write(cell, kind, who);
  return conflict;
}

Conflict RaceChecker::check_bytes(const Cells& cells, uint64_t word, uint32_t first, uint32_t count,
                                  AccessKind kind, const Accessor& who, bool shared) {
  Cell& whole = cells.word(word);
  Cell* bytes = cells.bytes(word);
  if (!whole.split) {
    std::fill(bytes, bytes + 4, whole);
    whole.split = 1;
  }
  Conflict conflict = Conflict::None;
  for (uint32_t i = first; i < first + count; ++i) {
    const Conflict found = check_cell(bytes[i], kind, who, shared);
    if (conflict == Conflict::None) conflict = found;
  }
  return conflict;
}

Conflict RaceChecker::check(const Cells& cells, uint64_t offset, uint32_t bytes, AccessKind kind,
                            const Accessor& who, bool shared) {
  Conflict conflict = Conflict::None;
  for (uint64_t at = offset, end = offset + bytes; at < end;) {
    const uint32_t first = static_cast<uint32_t>(at % 4);
    const auto count = static_cast<uint32_t>(std::min<uint64_t>(4 - first, end - at));
    Cell& cell = cells.word(at);
    const Conflict found = count == 4 && !cell.split
                               ? check_cell(cell, kind, who, shared)
                               : check_bytes(cells, at - first, first, count, kind, who, shared);
    if (conflict == Conflict::None) conflict = found;
    at += count;
  }
  return conflict;
}

}  // namespace plugrad::cuda_emulation

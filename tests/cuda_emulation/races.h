// Who touched each byte last, and whether that is ordered before what touches it now. Within a block,
// __syncthreads orders everything before it, and __syncwarp the lanes that take part; between blocks of one
// grid nothing does; between pieces of work, the streams, events and waits of the host do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "plugrad/tests/cuda_emulation/operations.h"

namespace plugrad::cuda_emulation {

// An access: the phase it happened in (a block's stretch between two barriers, or a whole copy), the thread
// of the block, and the thread's clock, which __syncwarp advances.
class AccessRecord {
 public:
  AccessRecord() = default;
  AccessRecord(uint32_t phase, uint32_t thread, uint32_t clock, bool atomic)
      : bits_(uint64_t{phase} << 32 | uint64_t{clock} << 12 | uint64_t{thread} << 2 | uint64_t{atomic}) {}

  uint32_t phase() const { return static_cast<uint32_t>(bits_ >> 32); }
  uint32_t clock() const { return static_cast<uint32_t>(bits_ >> 12) & 0xfffff; }
  uint32_t thread() const { return static_cast<uint32_t>(bits_ >> 2) & 0x3ff; }
  bool atomic() const { return bits_ & 1; }
  bool several_warps() const { return bits_ & 2; }  // atomics of more than one warp in this phase
  void set_several_warps() { bits_ |= 2; }
  bool operator==(const AccessRecord&) const = default;

 private:
  uint64_t bits_ = 0;
};

constexpr uint32_t kMaxClock = 0xfffff;

// The history of a word or, once parts of it were touched, of a byte.
struct Cell {
  AccessRecord writer;
  std::array<AccessRecord, 2> readers;  // two, of different warps where there were such
  uint32_t first_read = 0;  // phases: show readers and writers of other blocks after newer ones came
  uint32_t first_write : 31 = 0;
  uint32_t split : 1 = 0;  // the bytes have cells of their own
};
static_assert(sizeof(Cell) == 32);

// The cells of a range of memory: one for each aligned word, and one for each byte of the words that need it.
class Cells {
 public:
  Cells() = default;
  explicit Cells(uint64_t bytes);
  Cell& word(uint64_t offset) const { return words_[offset / 4]; }
  Cell* bytes(uint64_t offset) const { return bytes_ + offset; }
  void discard_pages(uint64_t begin, uint64_t end) const;

 private:
  Cell* words_ = nullptr;
  Cell* bytes_ = nullptr;
};

// The clocks of a warp's lanes: what each lane knows of the others through __syncwarp, since the last
// __syncthreads.
struct WarpClocks {
  std::array<uint32_t, 32> now;
  std::array<std::array<uint32_t, 32>, 32> seen;
  bool used = true;

  void reset();
  // Lanes of the mask meet. False when a clock has run to its end: a new phase has to begin.
  bool meet(uint32_t mask);
};

// Strong accesses (volatile, relaxed, acquire, release) and atomics do not race with each other.
enum class AccessKind : uint8_t { Read, Write, Atomic, StrongRead, StrongWrite };
inline bool reads(AccessKind kind) { return kind != AccessKind::Write && kind != AccessKind::StrongWrite; }
inline bool writes(AccessKind kind) { return kind != AccessKind::Read && kind != AccessKind::StrongRead; }
inline bool is_strong(AccessKind kind) { return kind >= AccessKind::Atomic; }

// The one who asks: the thread of a running block, or (no warp) a copy or library call.
struct Accessor {
  uint32_t thread = 0;
  const WarpClocks* warp = nullptr;
};

enum class Conflict : uint8_t { None, Thread, Block, Stream };

class RaceChecker {
 public:
  static RaceChecker& instance();

  void begin_operation();  // of OperationHistory::current()
  void begin_block();
  void begin_phase() { ++phase_; }
  uint32_t phase() const { return phase_; }

  // Notes the access to `bytes` bytes at `offset`, and says what it is not ordered with. `shared`: the memory
  // is one block's own, and nothing before the block matters.
  Conflict check(const Cells& cells, uint64_t offset, uint32_t bytes, AccessKind kind, const Accessor& who,
                 bool shared);
  const std::string& conflicting() const {
    return *conflicting_;
  }  // the other piece of work, after Conflict::Stream

 private:
  Conflict check_cell(Cell& cell, AccessKind kind, const Accessor& who, bool shared);
  Conflict check_bytes(const Cells& cells, uint64_t word, uint32_t first, uint32_t count, AccessKind kind,
                       const Accessor& who, bool shared);
  Conflict against(AccessRecord record, const Accessor& who, bool shared);
  Conflict against_phase(uint32_t phase);
  Conflict against_others(const Cell& cell, AccessKind kind, const Accessor& who, bool shared);
  void note_read(Cell& cell, AccessKind kind, const Accessor& who);
  void note_write(Cell& cell, AccessKind kind, const Accessor& who);

  uint32_t phase_ = 0;
  uint32_t operation_start_ = 0;
  uint32_t block_start_ = 0;
  PhaseRange
      known_;  // the last piece of work looked up, for the next access, which most often meets the same
  const std::string* conflicting_ = nullptr;
};

}  // namespace plugrad::cuda_emulation

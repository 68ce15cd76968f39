// The blocks that an allocator's memory is cut into: size classes, best fit, splitting and joining. It keeps
// the books and calls no device.
//
// A segment is what upstream gave in one piece; blocks lie in it side by side. Requests are rounded to 512
// bytes and served by class, each class from segments of its own:
//
//   class     request          segment                             split when what remains is
//   small     up to 1 MiB      2 MiB                               512 bytes or more
//   large     below 10 MiB     20 MiB                              more than 1 MiB
//   oversize  the rest         the request, rounded up to 2 MiB    never
//
// An oversize block serves requests of four fifths of its size or more: it goes out whole, and what it is too
// large by stays unused for as long as the request lives.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <set>
#include <unordered_map>
#include <vector>

namespace plugrad::plugin {

inline constexpr size_t mebibyte = size_t{1} << 20;
inline constexpr size_t block_granularity = 512;
inline constexpr size_t largest_request = std::numeric_limits<size_t>::max() / 2;  // rounding can't overflow

enum class SizeClass { small, large, oversize };

// For `requested` <= largest_request; at least one unit, so that blocks of no bytes have an address too.
size_t block_bytes(size_t requested);
// The rest takes sizes that block_bytes gave.
SizeClass size_class(size_t bytes);
size_t segment_bytes(size_t bytes);        // the segment to ask upstream for
size_t least_segment_bytes(size_t bytes);  // where memory is scarce: for this block alone

struct Block;

// By size, then by address.
struct SmallerBlock {
  using is_transparent = void;
  bool operator()(const Block* a, const Block* b) const;
  bool operator()(const Block* a, size_t bytes) const;
};
using IdleBlocks = std::set<Block*, SmallerBlock>;

// The idle blocks of one class that the same stream may take.
struct Pool {
  SizeClass size_class;
  IdleBlocks idle = {};
};

struct Block {
  enum class State { idle, in_use, waiting };

  Pool* pool;
  char* data;
  size_t bytes;
  State state = State::idle;
  Block *previous = nullptr, *next = nullptr;  // neighbours in the segment
  IdleBlocks::iterator position = {};          // among the pool's idle blocks, while idle
  IdleBlocks::node_type node = {};  // its place there, while not idle: coming back allocates nothing

  // Of the request that has the block.
  size_t requested = 0;
  void* stream = nullptr;
  std::vector<void*> users = {};        // other streams that work on it
  std::vector<void*> events = {};       // while waiting: what must be done
  bool awaits_synchronization = false;  // while waiting: there is no event to tell
  Block* next_waiting = nullptr;

  bool is_whole_segment() const { return !previous && !next; }
};

class MemoryBlocks {
 public:
  // The reference stays valid.
  Pool& pool(void* stream, SizeClass size_class);
  // The smallest idle block that serves the request, or null; of several, the one at the lowest address.
  static Block* best_fit(const Pool& pool, size_t bytes);
  // A new segment: one idle block. May throw std::bad_alloc; then nothing has changed.
  Block& add_segment(Pool& pool, void* data, size_t bytes);
  // Puts an idle block in use, after cutting off what the request leaves over. As above.
  void take(Block& block, size_t bytes);
  // Makes a block idle that is not, and joins it with idle neighbours.
  void give_back(Block& block) noexcept;

  // The block that begins there and is in use, or null.
  Block* in_use(void* data);
  bool has_idle_segment() const;
  size_t largest_idle() const;
  // Hands each segment's address and size to `release`, and forgets it: those that are idle as a whole, or
  // all. `release` must not throw.
  template <class F>
  void remove_idle_segments(F&& release);
  template <class F>
  void remove_all_segments(F&& release);

 private:
  using StreamPools = std::array<Pool, 3>;

  Block& add(Pool& pool, char* data, size_t bytes);
  void unlist(Block& block) noexcept;
  void list(Block& block) noexcept;
  void join(Block& left, Block& right) noexcept;

  std::unordered_map<void*, StreamPools> pools_;  // by stream
  std::unordered_map<void*, Block> blocks_;       // all, by address; elements never move
};

template <class F>
void MemoryBlocks::remove_idle_segments(F&& release) {
  for (auto& entry : pools_)
    for (Pool& pool : entry.second)
      for (auto next = pool.idle.begin(); next != pool.idle.end();) {
        Block& block = **next++;
        if (!block.is_whole_segment()) continue;
        unlist(block);
        release(block.data, block.bytes);
        blocks_.erase(block.data);
      }
}

template <class F>
void MemoryBlocks::remove_all_segments(F&& release) {
  for (const auto& entry : blocks_) {
    const Block* block = &entry.second;
    if (block->previous) continue;
    size_t bytes = 0;
    for (const Block* b = block; b; b = b->next) bytes += b->bytes;
    release(block->data, bytes);
  }
  pools_.clear();
  blocks_.clear();
}

}  // namespace plugrad::plugin

// Cutting blocks from segments and joining them again. Whatever may throw comes before the first change.
#include "plugrad/backends/common/memory_blocks.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace plugrad::plugin {

namespace {

constexpr size_t small_limit = mebibyte, small_segment = 2 * mebibyte;
constexpr size_t large_limit = 10 * mebibyte, large_segment = 20 * mebibyte;
constexpr size_t segment_granularity = 2 * mebibyte;

constexpr size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

bool splits(SizeClass size_class, size_t remainder) {
  switch (size_class) {
    case SizeClass::small:
      return remainder >= block_granularity;
    case SizeClass::large:
      return remainder > small_limit;  // less could not serve a request of this class
    case SizeClass::oversize:
      break;
  }
  return false;
}

// The largest block that a request may get.
size_t fit_limit(SizeClass size_class, size_t bytes) {
  return size_class == SizeClass::oversize ? bytes + bytes / 4 : large_segment;
}

// Never follows a pointer: a set of one element compares nothing.
IdleBlocks::node_type new_node() {
  IdleBlocks one;
  one.insert(nullptr);
  return one.extract(one.begin());
}

}  // namespace

size_t block_bytes(size_t requested) { return round_up(std::max<size_t>(requested, 1), block_granularity); }

SizeClass size_class(size_t bytes) {
  if (bytes <= small_limit) return SizeClass::small;
  return bytes < large_limit ? SizeClass::large : SizeClass::oversize;
}

size_t segment_bytes(size_t bytes) {
  switch (size_class(bytes)) {
    case SizeClass::small:
      return small_segment;
    case SizeClass::large:
      return large_segment;
    case SizeClass::oversize:
      break;
  }
  return least_segment_bytes(bytes);
}

size_t least_segment_bytes(size_t bytes) { return round_up(bytes, segment_granularity); }

bool SmallerBlock::operator()(const Block* a, const Block* b) const {
  return a->bytes != b->bytes ? a->bytes < b->bytes : std::less<>()(a->data, b->data);
}
bool SmallerBlock::operator()(const Block* a, size_t bytes) const { return a->bytes < bytes; }

Pool& MemoryBlocks::pool(void* stream, SizeClass size_class) {
  const auto found = pools_.find(stream);
  StreamPools& pools =
      found != pools_.end()
          ? found->second
          : pools_
                .try_emplace(stream, StreamPools{Pool{SizeClass::small}, Pool{SizeClass::large},
                                                 Pool{SizeClass::oversize}})
                .first->second;
  return pools[static_cast<size_t>(size_class)];
}

Block* MemoryBlocks::best_fit(const Pool& pool, size_t bytes) {
  const auto found = pool.idle.lower_bound(bytes);
  if (found == pool.idle.end() || (*found)->bytes > fit_limit(pool.size_class, bytes)) return nullptr;
  return *found;
}

Block& MemoryBlocks::add_segment(Pool& pool, void* data, size_t bytes) {
  Block& block = add(pool, static_cast<char*>(data), bytes);
  list(block);
  return block;
}

void MemoryBlocks::take(Block& block, size_t bytes) {
  if (const size_t remainder = block.bytes - bytes; splits(block.pool->size_class, remainder)) {
    Block& rest = add(*block.pool, block.data + bytes, remainder);
    unlist(block);
    rest.previous = &block;
    rest.next = std::exchange(block.next, &rest);
    if (rest.next) rest.next->previous = &rest;
    block.bytes = bytes;
    list(rest);
  } else {
    unlist(block);
  }
  block.state = Block::State::in_use;
}

void MemoryBlocks::give_back(Block& block) noexcept {
  Block* whole = &block;
  if (Block* left = block.previous; left && left->state == Block::State::idle) {
    unlist(*left);
    join(*left, block);
    whole = left;
  }
  if (Block* right = whole->next; right && right->state == Block::State::idle) {
    unlist(*right);
    join(*whole, *right);
  }
  list(*whole);
}

Block* MemoryBlocks::in_use(void* data) {
  const auto found = blocks_.find(data);
  if (found == blocks_.end() || found->second.state != Block::State::in_use) return nullptr;
  return &found->second;
}

bool MemoryBlocks::has_idle_segment() const {
  for (const auto& entry : pools_)
    for (const Pool& pool : entry.second)
      for (const Block* block : pool.idle)
        if (block->is_whole_segment()) return true;
  return false;
}

size_t MemoryBlocks::largest_idle() const {
  size_t largest = 0;
  for (const auto& entry : pools_)
    for (const Pool& pool : entry.second)
      if (!pool.idle.empty()) largest = std::max(largest, (*pool.idle.rbegin())->bytes);
  return largest;
}

// A block that is on no list yet.
Block& MemoryBlocks::add(Pool& pool, char* data, size_t bytes) {
  IdleBlocks::node_type node = new_node();
  Block& block = blocks_.try_emplace(data, Block{&pool, data, bytes}).first->second;
  block.node = std::move(node);
  block.node.value() = &block;
  return block;
}

void MemoryBlocks::unlist(Block& block) noexcept { block.node = block.pool->idle.extract(block.position); }

void MemoryBlocks::list(Block& block) noexcept {
  block.state = Block::State::idle;
  block.position = block.pool->idle.insert(std::move(block.node)).position;
}

void MemoryBlocks::join(Block& left, Block& right) noexcept {
  left.bytes += right.bytes;
  left.next = right.next;
  if (left.next) left.next->previous = &left;
  blocks_.erase(right.data);
}

}  // namespace plugrad::plugin

// Drives an elementwise loop over operands of any strides: cuts the output into blocks in which every operand
// is either contiguous or one repeated value, packing those that are neither. Types are erased here, so that
// a kernel adds only its own loop over contiguous memory.
#pragma once

#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {

// out[i] = op(in[0][i], in[1][i], ...) for 0 <= i < n. Bit k of `repeated`: in[k] points to one value for all
// i. That is asked of one of two operands, if the block `takes_repeated`; otherwise an operand has its value
// n times.
struct Block {
  void (*run)(const void* op, void* out, const void* const* in, unsigned repeated, int64_t n);
  bool takes_repeated;
};

struct BlockInput {
  const char* data;
  int64_t bytes;  // of an element
  void (*pack)(void* to, const void* from, int64_t stride, int64_t n);
};

template <class T>
BlockInput block_input(const DLTensor& t) {
  return {data<const char>(t), sizeof(T), [](void* to, const void* from, int64_t stride, int64_t n) {
            pack_run(static_cast<T*>(to), static_cast<const T*>(from), stride, n);
          }};
}

template <size_t N>
class BlockLoop {
 public:
  BlockLoop(const Walk<N>& walk, const BlockInput (&in)[N], char* out, int64_t out_bytes, const void* op,
            Block block)
      : walk_(walk), in_(in), out_(out), out_bytes_(out_bytes), op_(op), block_(block) {}

  [[gnu::noinline]] void run(int threads, int64_t grain) const {
    const int64_t n = walk_.size();
    if (n == 0) return;
    const bool by_rows = short_runs();
    const int64_t unit = by_rows ? buffer_length / walk_.run() * walk_.run() : buffer_length;
    parallel_for(threads, (n + unit - 1) / unit, std::max<int64_t>(grain / unit, 1),
                 [&](int64_t begin, int64_t end) {
                   if (by_rows) rows(begin * unit, std::min(end * unit, n), unit);
                   else runs(begin * unit, std::min(end * unit, n));
                 });
  }

 private:
  static constexpr int64_t buffer_length = 512;  // elements; the buffers of four operands fit in the L1 cache
  struct Buffers {
    alignas(64) char bytes[N][buffer_length * 8];
  };

  // Is it better to pack several runs into one block than to take each run for itself?
  bool short_runs() const {
    if (walk_.ndim == 1 || walk_.run() > 256) return false;
    if (walk_.run() < 64) return true;
    for (size_t k = 0; k < N; ++k)
      if (!walk_.dense(k) && !walk_.periodic(k)) return false;
    return true;
  }

  // The operands that the block is to take as one value.
  unsigned repeated() const {
    unsigned mask = 0;
    if (block_.takes_repeated)
      for (unsigned k = 0; k < N; ++k) mask |= (walk_.inner(k) == 0 ? 1U : 0U) << k;
    return mask == 3 ? 0 : mask;
  }

  // Elements [begin, end), run by run.
  void runs(int64_t begin, int64_t end) const {
    Buffers buffers;
    const unsigned mask = repeated();
    bool packed[N], any_packed = false;
    for (unsigned k = 0; k < N; ++k) {
      packed[k] = walk_.inner(k) != 1 && !(mask >> k & 1);
      any_packed |= packed[k];
    }
    const int64_t run = walk_.run(), step = any_packed ? buffer_length : run;
    Cursor<N> at(walk_, walk_.ndim - 1, begin / run);
    for (int64_t j = begin % run; begin < end; j = 0, at.next())
      for (int64_t length; j < run && begin < end; j += length, begin += length) {
        length = std::min({step, run - j, end - begin});
        const void* from[N];
        for (size_t k = 0; k < N; ++k) {
          from[k] = in_[k].data + (at.offset(k) + j * walk_.inner(k)) * in_[k].bytes;
          if (!packed[k]) continue;
          in_[k].pack(buffers.bytes[k], from[k], walk_.inner(k), length);
          from[k] = buffers.bytes[k];
        }
        block_.run(op_, out_ + begin * out_bytes_, from, mask, length);
      }
  }

  // Elements [begin, end), whole runs, in blocks of `unit`.
  void rows(int64_t begin, int64_t end, int64_t unit) const {
    Buffers buffers;
    bool packed[N];
    const void* from[N];
    for (size_t k = 0; k < N; ++k) {
      packed[k] = !walk_.dense(k);
      from[k] = packed[k] ? buffers.bytes[k] : in_[k].data + begin * in_[k].bytes;
    }
    Cursor<N> at(walk_, walk_.ndim - 1, begin / walk_.run());
    for (int64_t length; begin < end; begin += length) {
      length = std::min(unit, end - begin);
      pack_rows(buffers, packed, at, length);
      block_.run(op_, out_ + begin * out_bytes_, from, 0, length);
      for (size_t k = 0; k < N; ++k) {
        if (walk_.dense(k)) from[k] = static_cast<const char*>(from[k]) + length * in_[k].bytes;
        if (walk_.periodic(k)) packed[k] = false;  // the buffer already holds what the next block needs
      }
    }
  }
  void pack_rows(Buffers& buffers, const bool (&packed)[N], Cursor<N>& at, int64_t length) const {
    bool any = false;
    for (size_t k = 0; k < N; ++k) any |= packed[k];
    if (!any) return;
    const int64_t run = walk_.run();
    for (int64_t i = 0; i < length; i += run, at.next())
      for (size_t k = 0; k < N; ++k)
        if (packed[k])
          in_[k].pack(buffers.bytes[k] + i * in_[k].bytes, in_[k].data + at.offset(k) * in_[k].bytes,
                      walk_.inner(k), run);
  }

  const Walk<N>& walk_;
  const BlockInput (&in_)[N];
  char* out_;
  int64_t out_bytes_;
  const void* op_;
  Block block_;
};

}  // namespace plugrad::cpu

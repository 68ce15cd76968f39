// Sorts positions by keys of several words, equal ones in their order: by the last word first (sorting of
// sort_indices.cuh), then by those before.
#pragma once

#include <string>
#include <utility>

#include "plugrad/backends/cuda/sort_indices.cuh"

namespace plugrad::cuda {

// One of the two words of the elements' 64-bit keys.
struct KeyWord {
  const uint64_t* keys;
  int shift;  // 0, or 32 for the high one
  __device__ uint32_t operator()(uint32_t position) const {
    return static_cast<uint32_t>(keys[position] >> shift);
  }
};

namespace sorting {

// The order so far, under a new word.
template <class Word>
struct WordInput {
  Word word;
  const uint32_t* positions;  // null: as they come
  __device__ uint32_t key(uint32_t i) const { return word(position(i)); }
  __device__ uint32_t position(uint32_t i) const { return positions ? positions[i] : i; }
};

}  // namespace sorting

// n positions in an order, to begin with their own, that is sorted by one word after the other.
class PositionSort {
 public:
  PositionSort(const Call& c, int64_t n) : call_(c), n_(static_cast<uint32_t>(n)) {
    if (n >= most_elements)
      throw plugin::Failure(PLUGRAD_BAD_SHAPE,
                            std::to_string(n) + " elements are too many to be sorted by this backend");
    to_ = c.workspace<uint32_t>(2 * n);
    from_ = c.workspace<uint32_t>(2 * n);
    if (n > sorting::tile_length)
      counts_ = c.workspace<uint32_t>(sorting::digits * ceil_div(n, sorting::tile_length));
  }

  // By the lowest `bits` of word(position), which is all there are.
  template <class Word>
  void by(const Word& word, int bits) {
    const int at_once = counts_ ? sorting::digit_bits : bits;
    for (int begin = 0; begin < bits; begin += at_once) {
      const sorting::Digit digit{begin, std::min(begin + at_once, bits)};
      std::swap(from_, to_);
      if (begin > 0) pass(sorting::SortedInput{from_, from_ + n_}, digit);
      else pass(sorting::WordInput<Word>{word, sorted_ ? from_ + n_ : nullptr}, digit);
      sorted_ = true;
    }
  }
  void by_keys(const uint64_t* keys) {
    by(KeyWord{keys, 0}, 32);
    by(KeyWord{keys, 32}, 32);
  }
  const uint32_t* positions() const { return to_ + n_; }

 private:
  template <class I>
  void pass(const I& input, sorting::Digit digit) {
    sorting::sort_by_digit(call_, input, n_, digit, counts_, to_, to_ + n_);
  }

  const Call& call_;
  uint32_t n_, *to_ = nullptr, *from_ = nullptr, *counts_ = nullptr;  // keys, then positions
  bool sorted_ = false;
};

}  // namespace plugrad::cuda

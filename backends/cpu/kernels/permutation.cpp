// permutation: the indices 0 to n - 1 in the order of 64 random bits each, of equal ones the first before.
//
// The bits are spread evenly, so their first ones say in which bucket an index belongs, and what is in the
// same bucket is sorted there: on any number of threads, with the same result.
#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "plugrad/backends/cpu/parallel.h"
#include "plugrad/backends/cpu/philox.h"
#include "plugrad/core/plugin.hpp"

namespace plugrad::cpu {
namespace {

using plugin::Call;

struct Entry {
  uint64_t key;
  int64_t index;
  bool operator<(const Entry& other) const { return std::tie(key, index) < std::tie(other.key, other.index); }
};

constexpr int64_t chunk_length = 32 * 1024;

// Of a key, so many that a bucket has some hundred entries; but each thread writes to all buckets at a time.
int64_t bucket_bits(int64_t n) {
  constexpr int64_t bucket_length = 512, most_bits = 12;
  int64_t bits = 0;
  while (bits < most_bits && n >> bits > bucket_length) ++bits;
  return bits;
}

class Permutation {
 public:
  explicit Permutation(const Call& c)
      : philox_{static_cast<uint64_t>(c.integer(1)), static_cast<uint64_t>(c.integer(2))},
        n_(c.integer(0)),
        chunks_((n_ + chunk_length - 1) / chunk_length),
        bits_(bucket_bits(n_)),
        threads_(c.threads()),
        entries_(c.workspace<Entry>(n_)),
        places_(c.workspace<int64_t>(chunks_ << bits_)) {}

  void write(int64_t* order) const {
    std::fill_n(places_, chunks_ << bits_, 0);
    for_each_chunk([](const Entry&, int64_t& place) { ++place; });
    int64_t before = 0;  // counts become places: bucket by bucket, in each chunk by chunk
    for (int64_t k = 0; k < chunks_ << bits_; ++k) before += std::exchange(places_[k], before);
    for_each_chunk([this](const Entry& entry, int64_t& place) { entries_[place++] = entry; });
    parallel_for(threads_, int64_t{1} << bits_, std::max<int64_t>(heavy_grain * (1 << bits_) / n_ / 4, 1),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t bucket = begin; bucket < end; ++bucket) {
                     const int64_t from = end_of(bucket - 1), to = end_of(bucket);
                     std::sort(entries_ + from, entries_ + to);
                     for (int64_t i = from; i < to; ++i) order[i] = entries_[i].index;
                   }
                 });
  }

 private:
  // Calls f(entry, what places_ has for its bucket and chunk) for all indices.
  template <class F>
  void for_each_chunk(F f) const {
    parallel_for(threads_, chunks_, heavy_grain / chunk_length, [&](int64_t begin, int64_t end) {
      for (int64_t chunk = begin; chunk < end; ++chunk)
        for (int64_t e = chunk * chunk_length, last = std::min(e + chunk_length, n_); e < last; e += 2) {
          const Words words = philox_(static_cast<uint64_t>(e / 2));
          for (int64_t k = 0; k < std::min<int64_t>(2, last - e); ++k) {
            const Entry entry{bits64(words, static_cast<size_t>(k)), e + k};
            f(entry, places_[bucket_of(entry.key) * chunks_ + chunk]);
          }
        }
    });
  }
  int64_t bucket_of(uint64_t key) const { return bits_ == 0 ? 0 : static_cast<int64_t>(key >> (64 - bits_)); }
  // Where a bucket ends, when all entries are in their places.
  int64_t end_of(int64_t bucket) const { return bucket < 0 ? 0 : places_[(bucket + 1) * chunks_ - 1]; }

  Philox philox_;
  int64_t n_, chunks_, bits_;
  int threads_;
  Entry* entries_;
  int64_t* places_;  // [bucket][chunk]
};

void permutation(const Call& c) {
  if (c.integer(0) > 0) Permutation(c).write(plugin::data<int64_t>(c.out()));
}

}  // namespace

PLUGRAD_FORWARD(permutation, permutation);

}  // namespace plugrad::cpu

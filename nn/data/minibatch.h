// Minibatches: a data set in slices, in order or shuffled anew for each epoch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "plugrad/core/array.h"

namespace plugrad {

// Inputs and what they should give; takes apart as [x, y].
struct Batch {
  Array x, y;
};

struct MinibatchOptions {
  std::optional<uint64_t> shuffle_seed = {};  // none: rows stay in order
  bool keep_partial = false;                  // whether a last batch of fewer rows is kept or dropped
};

// The rows of x and y, `batchsize` at a time: `for (auto [x, y] : minibatches) ...`. Batches are views made
// beforehand, so that an epoch in order costs nothing here. With a seed, each begin() starts an epoch and
// puts the rows in a new order, which depends on the seed and the epoch's number alone; batches of the epoch
// before stay as they are, but iterators to them end.
class PLUGRAD_PUBLIC Minibatches {
 public:
  // ShapeError where x and y have not the same number of rows, or are scalars; Error where batchsize < 1.
  Minibatches(const Array& x, const Array& y, int64_t batchsize, MinibatchOptions options = {});

  std::vector<Batch>::const_iterator begin();
  std::vector<Batch>::const_iterator end() const { return batches_.end(); }
  size_t size() const { return batches_.size(); }

 private:
  void cut(const Array& x, const Array& y);

  Array x_, y_;
  int64_t batchsize_;
  MinibatchOptions options_;
  uint64_t epoch_ = 0;
  std::vector<Batch> batches_;
};

namespace files {

// The numbers 0..n-1 in an order drawn from `seed` and `epoch`, the same everywhere.
PLUGRAD_PUBLIC std::vector<size_t> permutation(size_t n, uint64_t seed, uint64_t epoch);

}  // namespace files
}  // namespace plugrad

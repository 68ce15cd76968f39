// Cutting data into minibatches, and shuffling its rows on the host.
#include "plugrad/nn/data/minibatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include "plugrad/nn/data/array_bytes.h"
#include "plugrad/ops/ops.h"

namespace plugrad {
namespace {

Array permute_rows(const Array& x, const std::vector<size_t>& order) {
  const files::Bytes bytes = files::to_bytes(x);
  if (bytes.empty()) return x;
  const size_t row = bytes.size() / order.size();
  files::Bytes result(bytes.size());
  for (size_t i = 0; i < order.size(); ++i) std::memcpy(&result[i * row], &bytes[order[i] * row], row);
  return files::from_bytes(result, x.dtype(), x.shape()).to(x.device());
}

}  // namespace

// Fisher and Yates, with draws that the standard fixes to the bit (std::shuffle's are not).
std::vector<size_t> files::permutation(size_t n, uint64_t seed, uint64_t epoch) {
  std::seed_seq words{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32),
                      static_cast<uint32_t>(epoch), static_cast<uint32_t>(epoch >> 32)};
  std::mt19937_64 engine(words);
  const auto below = [&](uint64_t bound) {
    const uint64_t unfair = (0 - bound) % bound;  // draws below this would favour small numbers
    uint64_t draw = engine();
    while (draw < unfair) draw = engine();
    return draw % bound;
  };
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = n; i > 1; --i) std::swap(order[i - 1], order[below(i)]);
  return order;
}

Minibatches::Minibatches(const Array& x, const Array& y, int64_t batchsize, MinibatchOptions options)
    : x_(x.detach()), y_(y.detach()), batchsize_(batchsize), options_(options) {
  if (batchsize < 1) throw Error(fmt::format("minibatches: batchsize {}, must be at least 1", batchsize));
  if (x.ndim() == 0 || y.ndim() == 0 || x.dims()[0] != y.dims()[0])
    throw ShapeError(
        fmt::format("minibatches: x of shape {} and y of shape {} have not the same number of rows",
                    to_string(x.shape()), to_string(y.shape())));
  cut(x_, y_);
}

std::vector<Batch>::const_iterator Minibatches::begin() {
  if (options_.shuffle_seed) {
    const auto rows = static_cast<size_t>(x_.dims()[0]);
    const std::vector<size_t> order = files::permutation(rows, *options_.shuffle_seed, epoch_++);
    batches_.clear();  // lest two epochs are in memory at once
    cut(permute_rows(x_, order), permute_rows(y_, order));
  }
  return batches_.begin();
}

void Minibatches::cut(const Array& x, const Array& y) {
  const int64_t rows = x.dims()[0];
  const int64_t end = options_.keep_partial ? rows : rows - rows % batchsize_;
  batches_.clear();
  for (int64_t start = 0; start < end; start += batchsize_) {
    const int64_t stop = std::min(start + batchsize_, end);
    batches_.push_back({slice(x, 0, start, stop), slice(y, 0, start, stop)});
  }
}

}  // namespace plugrad

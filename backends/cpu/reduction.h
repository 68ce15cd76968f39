// Drives reductions over any axes of arrays of any strides: brings the axes into the order in which they lie
// in memory, and hands a Reducer two-dimensional pieces, each of whose rows, or columns, belong to one
// result.
#pragma once

#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {

// A reduction of one dtype. It keeps partial results in accumulators.
class Reducer {
 public:
  static constexpr int64_t most_accumulator_bytes = 24;
  const int64_t element_bytes, accumulator_bytes;

  virtual void start(void* acc, int64_t n) const = 0;
  // Takes row i of x into acc[i]: n contiguous elements from i * stride on.
  virtual void add_rows(const void* x, int64_t n, int64_t stride, int64_t rows, void* acc) const = 0;
  // Takes each such row of x into acc[0, n), element by element.
  virtual void add_columns(const void* x, int64_t n, int64_t stride, int64_t rows, void* acc) const = 0;
  virtual void merge(const void* from, void* acc, int64_t n) const = 0;
  // Writes n results to `out`, `stride` apart from `first` on. Each element that was taken stands for
  // `repeats`.
  virtual void finish(const void* acc, int64_t n, int64_t repeats, void* out, int64_t first,
                      int64_t stride) const = 0;
  virtual void pack(void* to, const void* from, int64_t stride, int64_t n) const = 0;

 protected:
  Reducer(size_t element, size_t accumulator)
      : element_bytes(static_cast<int64_t>(element)), accumulator_bytes(static_cast<int64_t>(accumulator)) {}
  ~Reducer() = default;
};

class Reduction {
 public:
  // `reduced` says of each axis of x whether it is. `out` is compact, with or without those axes.
  Reduction(const DLTensor& x, const bool* reduced, const DLTensor& out, const Reducer& r)
      : x_(data<const char>(x)), out_(data<char>(out)), r_(r) {
    sort_axes(x, reduced);
    by_columns_ = kept_.inner(0) == 1 && reduced_.inner(0) != 1;
    tiles_ = (kept_.run() + tile_length - 1) / tile_length;
  }

  [[gnu::noinline]] void run(const Call& c) const {
    const int64_t outputs = kept_.size(), work = outputs * reduced_.size();
    if (outputs == 0) return;
    const int64_t units = outputs / kept_.run() * tiles_, parts = parts_of(units, work);
    const int64_t grain = light_grain / std::max<int64_t>(work / (units * parts), 1);
    if (parts == 1) {
      parallel_for(c.threads(), units, std::max<int64_t>(grain, 1), [this](int64_t begin, int64_t end) {
        alignas(64) char acc[tile_length * Reducer::most_accumulator_bytes];
        for (int64_t unit = begin; unit < end; ++unit) finish(unit, reduce(unit, 0, 1, acc));
      });
      return;
    }
    const int64_t bytes = tile_length * r_.accumulator_bytes;
    char* acc = c.workspace<char>(units * parts * bytes);
    parallel_for(c.threads(), units * parts, std::max<int64_t>(grain, 1), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) reduce(i / parts, i % parts, parts, acc + i * bytes);
    });
    for (int64_t unit = 0; unit < units; ++unit) {
      char* sum = acc + unit * parts * bytes;
      for (int64_t part = 1; part < parts; ++part) r_.merge(sum + part * bytes, sum, tile(unit).length);
      finish(unit, sum);
    }
  }

 private:
  static constexpr int64_t tile_length = 256;  // results that are worked on together
  struct Axis {
    int64_t length, stride, out_stride;
  };
  struct Tile {
    int64_t offset, out_offset, length;
  };

  // Inner axes last, all strides positive: the order in which elements are taken is free. Axes along which x
  // repeats itself are not walked at all.
  [[gnu::noinline]] void sort_axes(const DLTensor& x, const bool* reduced) {
    Axis kept[PLUGRAD_MAX_NDIM], taken[PLUGRAD_MAX_NDIM];
    int n_kept = 0, n_taken = 0;
    int64_t out_stride = 1, x_offset = 0, out_offset = 0;
    for (int i = x.ndim; i-- > 0;) {
      Axis a{x.shape[i], x.strides[i], reduced[i] ? 0 : out_stride};
      if (!reduced[i]) out_stride *= a.length;
      if (a.length == 1) continue;
      if (reduced[i] && a.stride == 0 && a.length > 0) {
        repeats_ *= a.length;
        continue;
      }
      if (a.stride < 0 && a.length > 0) {
        x_offset += a.stride * (a.length - 1);
        out_offset += a.out_stride * (a.length - 1);
        a = {a.length, -a.stride, -a.out_stride};
      }
      insert(a, reduced[i] ? taken : kept, reduced[i] ? n_taken : n_kept);
    }
    for (int i = 0; i < n_kept; ++i) kept_.push(kept[i].length, {kept[i].stride, kept[i].out_stride});
    for (int i = 0; i < n_taken; ++i) reduced_.push(taken[i].length, {taken[i].stride});
    if (kept_.ndim == 0) kept_.ndim = 1, kept_.shape[0] = 1, kept_.stride[0][0] = kept_.stride[1][0] = 0;
    if (reduced_.ndim == 0) reduced_.ndim = 1, reduced_.shape[0] = 1, reduced_.stride[0][0] = 0;
    x_ += x_offset * r_.element_bytes;
    out_offset_ = out_offset;
  }
  static void insert(const Axis& a, Axis* axes, int& n) {
    int i = n++;
    for (; i > 0 && axes[i - 1].stride <= a.stride; --i) axes[i] = axes[i - 1];
    axes[i] = a;
  }

  // Into how many parts the outer reduced axis is cut, where results are few but the work is large. By shape
  // alone, so that any number of threads gives the same bits.
  int64_t parts_of(int64_t units, int64_t work) const {
    if (units >= 16) return 1;
    return std::clamp<int64_t>(work / (light_grain * units), 1,
                               std::clamp<int64_t>(reduced_.shape[0], 1, 64));
  }

  Tile tile(int64_t unit) const {
    const Cursor<2> at(kept_, kept_.ndim - 1, unit / tiles_);
    const int64_t first = unit % tiles_ * tile_length;
    return {at.offset(0) + first * kept_.inner(0), out_offset_ + at.offset(1) + first * kept_.inner(1),
            std::min(tile_length, kept_.run() - first)};
  }

  char* reduce(int64_t unit, int64_t part, int64_t parts, char* acc) const {
    const Tile t = tile(unit);
    r_.start(acc, t.length);
    Walk<1> w = reduced_;
    const int64_t begin = w.shape[0] * part / parts;
    w.shape[0] = w.shape[0] * (part + 1) / parts - begin;
    const int64_t elements = w.size();
    if (elements == 0) return acc;
    const char* x = x_ + (t.offset + begin * w.stride[0][0]) * r_.element_bytes;
    Cursor<1> at(w, w.ndim - 1, 0);
    for (int64_t rows = elements / w.run(); rows > 0; --rows, at.next())
      reduce_piece(x + at.offset(0) * r_.element_bytes, w, t.length, acc);
    return acc;
  }
  void reduce_piece(const char* x, const Walk<1>& w, int64_t length, char* acc) const {
    const int64_t run = w.run(), stride = w.inner(0);
    if (by_columns_) return r_.add_columns(x, length, stride, run, acc);
    if (stride == 1 || run == 1) return r_.add_rows(x, run, kept_.inner(0), length, acc);
    constexpr int64_t packed = 512;
    alignas(64) char buffer[packed * 8];
    for (int64_t i = 0; i < length; ++i)
      for (int64_t j = 0; j < run; j += packed) {
        const int64_t n = std::min(packed, run - j);
        r_.pack(buffer, x + (i * kept_.inner(0) + j * stride) * r_.element_bytes, stride, n);
        r_.add_rows(buffer, n, 0, 1, acc + i * r_.accumulator_bytes);
      }
  }
  void finish(int64_t unit, const char* acc) const {
    const Tile t = tile(unit);
    r_.finish(acc, t.length, repeats_, out_, t.out_offset, kept_.inner(1));
  }

  const char* x_;
  char* out_;
  const Reducer& r_;
  Walk<2> kept_;     // x and out along the axes that stay
  Walk<1> reduced_;  // x along those that go
  int64_t repeats_ = 1, out_offset_ = 0, tiles_ = 1;
  bool by_columns_ = false;
};

}  // namespace plugrad::cpu

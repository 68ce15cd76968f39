// What an index selects of an array, for take, index_add and assign: for each of its numbers, counted along a
// row-major walk over some axes of the array, all that lies there along the others. It is visited in runs,
// and no operand is copied for it.
#pragma once

#include <algorithm>

#include "plugrad/backends/cpu/indices.h"
#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {

class Selection {
 public:
  // The axes of `array` are attribute 0 of the call; attribute 1 is where `selected` has those of `index`.
  // Failure where a number is out of range.
  Selection(const Call& c, const DLTensor& array, const DLTensor& selected, const DLTensor& index,
            bool from_end)
      : threads_(c.threads()), n_(size(index)) {
    const auto position = static_cast<int>(c.integer(1));
    bool walked[PLUGRAD_MAX_NDIM] = {};
    Walk<1> along, entries;  // the axes that are selected from; those of the index
    for (int k = 0; k < c.count(0); ++k) {
      const auto axis =
          static_cast<int>(c.integers(0)[k] < 0 ? c.integers(0)[k] + array.ndim : c.integers(0)[k]);
      walked[axis] = true;
      along.push(array.shape[axis], {array.strides[axis]});
    }
    along.finish();
    for (int k = 0; k < index.ndim; ++k) entries.push(index.shape[k], {selected.strides[position + k]});
    entries.finish();
    for (int axis = 0, kept = 0; axis < array.ndim; ++axis) {
      if (walked[axis]) continue;
      const bool before = kept < position;
      const int in_selected = before ? kept : kept + index.ndim;
      (before ? outer_ : inner_)
          .push(array.shape[axis], {array.strides[axis], selected.strides[in_selected]});
      ++kept;
    }
    outer_.finish();
    inner_.finish();
    places_ = places(c, along, index, from_end);
    if (entries.ndim == 1) entry_stride_ = entries.inner(0);
    else entries_ = offsets(c, entries);
  }

  int64_t array_stride() const { return inner_.inner(0); }
  int64_t selected_stride() const { return inner_.inner(1); }

  // Calls f(offset in the array, offset in the selection, n) for runs of n elements, which together are all.
  // On several threads, in any order.
  template <class F>
  void for_each_run(F f) const {
    const int64_t each = inner_.size(), units = outer_.size() * n_;
    if (each == 0 || units == 0) return;
    parallel_for(threads_, units, std::max<int64_t>(light_grain / each, 1), [&](int64_t begin, int64_t end) {
      Cursor<2> outer(outer_, outer_.ndim, begin / n_);
      int64_t i = begin % n_;
      for (int64_t unit = begin; unit < end; i = 0, outer.next()) {
        const int64_t stop = std::min(n_, i + end - unit);
        unit += stop - i;
        for (; i < stop; ++i) visit_entry(outer.offset(0) + places_[i], outer.offset(1) + entry(i), f);
      }
    });
  }

  // The same, but each element of the array is visited by one thread, in the order of the index.
  template <class F>
  void for_each_run_in_order(F f) const {
    const int64_t run = inner_.run(), rows = inner_.size() / std::max<int64_t>(run, 1),
                  lanes = outer_.size() * inner_.size();
    if (lanes == 0 || n_ == 0) return;
    parallel_for(threads_, lanes, std::max<int64_t>(light_grain / n_, 1), [&](int64_t begin, int64_t end) {
      for (int64_t lane = begin; lane < end;) {
        const int64_t row = lane / run, j = lane % run, length = std::min(run - j, end - lane);
        const Cursor<2> outer(outer_, outer_.ndim, row / rows), inner(inner_, inner_.ndim - 1, row % rows);
        const int64_t array = outer.offset(0) + inner.offset(0) + j * array_stride();
        const int64_t selected = outer.offset(1) + inner.offset(1) + j * selected_stride();
        for (int64_t i = 0; i < n_; ++i) f(array + places_[i], selected + entry(i), length);
        lane += length;
      }
    });
  }

 private:
  int64_t entry(int64_t i) const { return entries_ ? entries_[i] : i * entry_stride_; }

  template <class F>
  void visit_entry(int64_t array, int64_t selected, const F& f) const {
    if (inner_.ndim == 1) return f(array, selected, inner_.run());
    Cursor<2> at(inner_, inner_.ndim - 1, 0);
    for (int64_t done = 0; done < inner_.size(); done += inner_.run(), at.next())
      f(array + at.offset(0), selected + at.offset(1), inner_.run());
  }

  // The offsets of the numbers of `index`.
  static int64_t* places(const Call& c, const Walk<1>& along, const DLTensor& index, bool from_end) {
    const int64_t n = size(index), length = along.size();
    int64_t* const places = c.workspace<int64_t>(std::max<int64_t>(n, 1));
    plugin::with_integer(index.dtype, [&](auto type) {
      const auto* numbers = compact<typename decltype(type)::type>(c, index);
      for (int64_t i = 0; i < n; ++i) {
        const int64_t number = checked_index(numbers[i], length, from_end);
        places[i] =
            along.ndim == 1 ? number * along.inner(0) : Cursor<1>(along, along.ndim, number).offset(0);
      }
    });
    return places;
  }
  static int64_t* offsets(const Call& c, const Walk<1>& entries) {
    const int64_t n = entries.size();
    int64_t* const offsets = c.workspace<int64_t>(std::max<int64_t>(n, 1));
    Cursor<1> at(entries, entries.ndim, 0);
    for (int64_t i = 0; i < n; ++i, at.next()) offsets[i] = at.offset(0);
    return offsets;
  }

  int threads_;
  int64_t n_;              // numbers in the index
  Walk<2> outer_, inner_;  // of the array and the selection, along the axes before the index's and after them
  const int64_t *places_, *entries_ = nullptr;
  int64_t entry_stride_ = 0;
};

// Adds to sum[i * sum_stride] what is at part[i * part_stride]; integers wrap around.
template <class T>
void add_run(T* __restrict sum, int64_t sum_stride, const T* __restrict part, int64_t part_stride,
             int64_t n) {
  const auto plus = [](T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      using Modular = std::make_unsigned_t<T>;
      return static_cast<T>(static_cast<Modular>(a) + static_cast<Modular>(b));
    } else {
      return a + b;
    }
  };
  if (sum_stride == 1 && part_stride == 1) {
    for (int64_t i = 0; i < n; ++i) sum[i] = plus(sum[i], part[i]);
  } else if (sum_stride == 1 && part_stride == 0) {
    for (int64_t i = 0; i < n; ++i) sum[i] = plus(sum[i], *part);
  } else {
    for (int64_t i = 0; i < n; ++i) sum[i * sum_stride] = plus(sum[i * sum_stride], part[i * part_stride]);
  }
}

}  // namespace plugrad::cpu

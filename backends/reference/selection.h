// What an index selects of an array, for take, index_add and assign: for each of its numbers, counted along a
// row-major walk over some axes of the array, all that lies there along the others.
#pragma once

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {

// Some axes of an array, in the order of the walk over them.
struct Walk {
  int ndim = 0;
  int axes[PLUGRAD_MAX_NDIM] = {};

  template <class T>
  int64_t length(const View<T>& x) const {
    int64_t n = 1;
    for (int k = 0; k < ndim; ++k) n *= x.shape[axes[k]];
    return n;
  }

  // The elements of x at the place that has this number: an array of the other axes.
  template <class T>
  View<T> at(const View<T>& x, int64_t number) const {
    View<T> part{x.data, 0};
    bool walked[PLUGRAD_MAX_NDIM] = {};
    for (int k = ndim; k-- > 0; number /= x.shape[axes[k]]) {
      part.data += number % x.shape[axes[k]] * x.strides[axes[k]];
      walked[axes[k]] = true;
    }
    for (int k = 0; k < x.ndim; ++k) {
      if (walked[k]) continue;
      part.shape[part.ndim] = x.shape[k];
      part.strides[part.ndim++] = x.strides[k];
    }
    return part;
  }
};

// Attribute 0 as axes of `x`: those that are selected from.
inline Walk walk_of_array(const Call& c, const DLTensor& x) {
  Walk w;
  for (; w.ndim < c.count(0); ++w.ndim) {
    const int64_t axis = c.integers(0)[w.ndim];
    w.axes[w.ndim] = static_cast<int>(axis < 0 ? axis + x.ndim : axis);
  }
  return w;
}

// The axes of a selection that are those of `index`; attribute 1 says where they begin.
inline Walk walk_of_selection(const Call& c, const DLTensor& index) {
  Walk w;
  for (; w.ndim < index.ndim; ++w.ndim) w.axes[w.ndim] = static_cast<int>(c.integer(1)) + w.ndim;
  return w;
}

// An index into `length` elements; negative ones count from the end where they may.
inline int64_t checked_place(int64_t index, int64_t length, bool from_end) {
  if (from_end && index < 0 && index >= -length) return index + length;
  return checked_index(index, length, "elements");
}

// Calls f(entry, element) for the numbers in `index`, in row-major order: the parts of `selection` and of `x`
// that belong together.
template <class T, class S, class F>
void for_each_entry(const Call& c, const DLTensor& index, const View<S>& selection, const DLTensor& x_tensor,
                    const View<T>& x, bool from_end, F f) {
  const Walk from = walk_of_array(c, x_tensor), to = walk_of_selection(c, index);
  const int64_t length = from.length(x);
  with_integer(index.dtype, [&]<class I>(Type<I>) {
    int64_t entry = 0;
    for_each([&](I i) { f(to.at(selection, entry++), from.at(x, checked_place(i, length, from_end))); },
             view<const I>(index));
  });
}

}  // namespace plugrad::reference

// What an index selects of an array, for take, index_add and assign: for each of its numbers, counted along a
// row-major walk over some axes of the array, all that lies there along the others.
#pragma once

#include "plugrad/backends/cuda/indexed.cuh"

namespace plugrad::cuda {

struct Selection {
  Arrays<2> before, after;  // array, selection: the axes before those of the index, and after them
  Arrays<1> entries;        // selection: the axes of the index
  Places places;            // in the array
};

// Adds an axis inside those that are there.
template <int N>
void push_axis(Arrays<N>& a, int64_t length, const int64_t (&strides)[N]) {
  a.shape[a.ndim] = length;
  for (int k = 0; k < N; ++k) a.strides[k][a.ndim] = strides[k];
  ++a.ndim;
}

// The axes of `array` are attribute 0 of the call; attribute 1 is where `selected` has those of `index`.
inline Selection selection_of(const Call& c, const DLTensor& array, const DLTensor& selected,
                              const DLTensor& index) {
  const auto position = static_cast<int>(c.integer(1));
  Selection s;
  Arrays<1> walk;
  bool walked[PLUGRAD_MAX_NDIM] = {};
  for (int k = 0; k < c.count(0); ++k) {
    const int64_t axis = c.integers(0)[k] < 0 ? c.integers(0)[k] + array.ndim : c.integers(0)[k];
    walked[axis] = true;
    push_axis(walk, array.shape[axis], {array.strides[axis]});
  }
  for (int k = 0; k < index.ndim; ++k) push_axis(s.entries, index.shape[k], {selected.strides[position + k]});
  for (int axis = 0, kept = 0; axis < array.ndim; ++axis) {
    if (walked[axis]) continue;
    const bool before = kept < position;
    const int in_selected = before ? kept : kept + index.ndim;
    push_axis(before ? s.before : s.after, array.shape[axis],
              {array.strides[axis], selected.strides[in_selected]});
    ++kept;
  }
  s.places = Places(walk);
  return s;
}

// The same as entries that are to be written to the array.
inline Entries entries_of(const Call& c, const DLTensor& array, const DLTensor& selected,
                          const DLTensor& index) {
  Selection s = selection_of(c, array, selected, index);
  Entries e{s.before, s.entries, s.places};
  for (int k = 0; k < s.after.ndim; ++k)
    push_axis(e.others, s.after.shape[k], {s.after.strides[0][k], s.after.strides[1][k]});
  e.others.data[0] = plugin::data<char>(array);
  e.others.data[1] = plugin::data<char>(selected);
  e.others.item[0] = e.others.item[1] = array.dtype.bits / 8;
  return e;
}

}  // namespace plugrad::cuda

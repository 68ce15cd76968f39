// Elements that an index tells where to find, and where to go: what take, index_add, gather, scatter_add and
// assign share.
#pragma once

#include "plugrad/backends/cuda/deferred_errors.h"
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {

// Where the numbers of an index lead: the offsets along a row-major walk over some axes of an array.
class Places {
 public:
  Places() = default;
  explicit Places(const Arrays<1>& axes) : length_(axes.size()) {
    if (length_ > 0) walk_ = layout_of(merged(axes), 1);
    if (walk_.outer > 0 && length_ >= most_elements)
      throw plugin::Failure(PLUGRAD_BAD_SHAPE, "a walk over " + std::to_string(length_) +
                                                   " elements of several axes is too long for this backend");
  }
  int64_t length() const { return length_; }
  // Are all offsets multiples of `width`?
  bool aligned(int width) const {
    for (int k = 0; k <= walk_.outer; ++k)
      if (walk_.strides[0][k] % width != 0) return false;
    return true;
  }
  __device__ int64_t operator()(int64_t number) const {
    if (walk_.outer == 0) return number * walk_.strides[0][0];
    int64_t offset[1];
    walk_.locate(static_cast<uint32_t>(number), offset);
    return offset[0];
  }

 private:
  int64_t length_ = 1;
  Layout<1> walk_;
};

// out = what is in the array at the index's places; where there is none, 0. Operands in the shape of out: it,
// the index, and the array but for these places.
struct IndexedCopy {
  Arrays<3> operands;
  Places places;
};
void copy_indexed(const Call& c, const IndexedCopy& copy, const IndexRange& range, DLDataType index);

// What belongs together in an array and in the entries of an index for it.
struct Entries {
  Arrays<2> others;   // array, entries: along the axes that are not indexed
  Arrays<1> entries;  // along those of the index
  Places places;      // in the array
};
// array[places] += entries, one after the other: the same bits each time.
void add_entries(const Call& c, const Entries& e, const DLTensor& index, const IndexRange& range,
                 DLDataType dtype);
// array[places] = entries; the last of each place wins. Nothing is written if an index is out of range.
void put_entries(const Call& c, const Entries& e, const DLTensor& index, const IndexRange& range,
                 DLDataType dtype);

// Tells the errors of an index where nothing else is to be done.
void check_indices(const Call& c, const DLTensor& index, const IndexRange& range);

}  // namespace plugrad::cuda

// The IDX format of the MNIST files: a magic number, big-endian lengths, then the elements
// (yann.lecun.com/exdb/mnist).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plugrad/nn/data/bytes.h"

namespace plugrad::files {

// Unsigned bytes with axes. Views `FileBytes`, which is to outlive it.
struct Idx {
  std::vector<int64_t> dims;
  std::span<const uint8_t> values;  // row-major, as many as the product of dims
  size_t offset;                    // of the first value in the file
};

// Checks all of the header and the size. DataError, with the offset, for another magic number than that of
// unsigned bytes with `ndim` axes, for fewer bytes than the lengths ask for, or more.
PLUGRAD_PUBLIC Idx parse_idx(const FileBytes& file, int ndim);

}  // namespace plugrad::files

// NumPy's .npy files: single arrays exchanged with other programs (numpy.lib.format describes the format).
#pragma once

#include <filesystem>

#include "plugrad/core/array.h"

namespace plugrad {

// Reads format versions 1 to 3 with little-endian elements: f4, f8, i4, i8, b1; column-major ones are put in
// row-major order. To the default device. DataError, naming file and offset, for anything else, and where the
// file is truncated or has more than the array.
PLUGRAD_PUBLIC Array load_npy(const std::filesystem::path& path);

// Writes format version 1, row-major. The file appears whole or not at all. DTypeError for half-precision
// arrays.
PLUGRAD_PUBLIC void save_npy(const std::filesystem::path& path, const Array& x);

}  // namespace plugrad

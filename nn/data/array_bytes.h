// Arrays as row-major bytes of the host, and back: what checkpoints store and shuffles move.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plugrad/core/array.h"
#include "plugrad/nn/data/bytes.h"

namespace plugrad::files {

// The bytes that an array of these lengths takes; nothing where they cannot be counted in 63 bits, with
// lengths of zero taken as one (strides are products of the others).
PLUGRAD_PUBLIC std::optional<size_t> byte_count(std::span<const int64_t> dims, DType dtype);

// The elements, compact. DTypeError for the half-precision types, which have no host representation yet.
PLUGRAD_PUBLIC Bytes to_bytes(const Array& x);

// The inverse, on the default device. `bytes` has just what the shape needs; any value of a bool but 0 is
// true.
PLUGRAD_PUBLIC Array from_bytes(std::span<const uint8_t> bytes, DType dtype, const Shape& shape);

// Throws DataError where one of the `count` bools at `offset` is neither 0 nor 1.
PLUGRAD_PUBLIC void check_bools(const FileBytes& file, size_t offset, size_t count);

}  // namespace plugrad::files

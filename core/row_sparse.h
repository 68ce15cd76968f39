// Row-sparse arrays: the gradient of a table of which a step reads a few rows is zero but for these, and its
// cost should grow with them and not with the table.
//
// Such an array is one like any other: whatever asks for its elements sees them all, and pays for them once.
// Only who knows of this header, as optimisers do, gets the rows alone.
#pragma once

#include "plugrad/core/array.h"

namespace plugrad {

// Rows of an array along its first axis; repeated indices add up.
struct SparseRows {
  Array index;  // integers [n], each from 0 to the axis's length
  Array rows;   // [n, ...], the rest as the array's shape
};

inline bool is_row_sparse(const Array& x) { return x && x.epoch() == detail::row_sparse_epoch; }

// A constant of `shape` and the rows' dtype and device, zero but for `rows`. ShapeError where the rows do not
// fit.
PLUGRAD_PUBLIC Array row_sparse(const Shape& shape, const SparseRows& rows);
// What a row-sparse array was made of; Error for another.
PLUGRAD_PUBLIC SparseRows sparse_rows(const Array& x);
// The same values in memory of their own; x itself where it is not row-sparse.
PLUGRAD_PUBLIC Array dense(const Array& x);

// Is it worth leaving out zeros, with so many rows of a table this long?
inline bool worth_sparse_rows(int64_t rows, int64_t length) { return 2 * rows <= length; }

namespace detail {
// x + y, at least one of them row-sparse: row-sparse where both are, and few rows enough.
Array add_row_sparse(Array x, const Array& y);
}  // namespace detail

}  // namespace plugrad

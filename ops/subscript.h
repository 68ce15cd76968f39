// What the indices in x[{...}] and assign(x, {...}, value) mean for an array.
#pragma once

#include <vector>

#include "plugrad/core/index.h"
#include "plugrad/ops/selection.h"

namespace plugrad {

// First a view: of each axis the elements start, start + step, ..., `count` of them. Then, if there are
// arrays among the indices, what they select from the view.
struct Subscript {
  Axes start, count, step;
  Shape shape;                // of the view: without the axes of integers, and with new ones
  std::vector<Array> arrays;  // of integers, or masks
  Axes lengths;               // how many elements each chooses from: of an axis, or of a mask's axes together
  Selection selection;        // in the view, of all arrays together
};

// Error where x is empty; ShapeError or DTypeError where the indices do not fit. They start with `op`.
Subscript read_subscript(const char* op, const Array& x, std::span<const Index> indices);

// The view that `s` begins with.
Array view_of(const Array& x, const Subscript& s);

// The arrays of `s` as numbers, with a mask's being those where it is true; and the shape that they have
// together. ShapeError where they do not broadcast.
struct SelectionNumbers {
  std::vector<Array> arrays;
  Shape shape;
};
SelectionNumbers selection_numbers(const char* op, const Subscript& s);

}  // namespace plugrad

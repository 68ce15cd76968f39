// What an index selects of an array, as take, index_add and assign share it: for each of its numbers, counted
// along a row-major walk over some axes of the array, all that lies there along the other axes.
#pragma once

#include "plugrad/core/schema.h"

namespace plugrad {

struct Selection {
  Axes axes;             // that the walk goes over, in its order; none: the whole array is number 0
  int64_t position = 0;  // where the index's axes go among the array's other axes
};

// The shape of what an index of shape `index` selects from an array of shape `x`; ShapeErrors start with
// `op`.
Shape selection_shape(const char* op, const Shape& x, const Shape& index, const Selection& s);
// The same of an op's first input, by its attributes 0, axes, and 1, position.
Shape selection_shape(const Inference& i, const Array& index);

// What `index` selects from x; from_end: negative numbers count from the end of the walk.
Array take(const Array& x, const Array& index, const Selection& s, bool from_end);

}  // namespace plugrad

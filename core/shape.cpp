#include "plugrad/core/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plugrad/core/error.h"

namespace plugrad {

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

void Shape::push_back(int64_t dim) {
  if (ndim_ == max_ndim) throw ShapeError(fmt::format("shape: more than {} axes", max_ndim));
  if (dim < 0) throw ShapeError(fmt::format("shape: negative length {}", dim));
  dims_[ndim_++] = dim;
}

void Ints::push_back(int64_t value) {
  if (n_ == max_ndim) throw ShapeError(fmt::format("axes: more than {}", max_ndim));
  values_[n_++] = value;
}

void Shape::assign_checked(const int64_t* dims, size_t ndim) {
  if (ndim > size_t{max_ndim})
    throw ShapeError(fmt::format("shape: {} axes, at most {} are possible", ndim, max_ndim));
  for (size_t i = 0; i < ndim; ++i)
    if (dims[i] < 0) throw ShapeError(fmt::format("shape: negative length {} of axis {}", dims[i], i));
  assign(dims, static_cast<int>(ndim));
}

}  // namespace plugrad

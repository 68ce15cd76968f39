// Shapes: up to eight axes, inline.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "plugrad/core/abi.h"
#include "plugrad/core/export.h"

namespace plugrad {

inline constexpr int max_ndim = PLUGRAD_MAX_NDIM;

// The lengths of an array's axes. A shape of no axes is a scalar's: one element.
class PLUGRAD_PUBLIC Shape {
 public:
  Shape() {}  // not defaulted: `Shape{}` must not clear all eight
  // Throws ShapeError for more than max_ndim axes or a negative length.
  Shape(std::initializer_list<int64_t> dims) { assign_checked(dims.begin(), dims.size()); }
  explicit Shape(std::span<const int64_t> dims) { assign_checked(dims.data(), dims.size()); }
  Shape(const int64_t* dims, int ndim) { assign(dims, ndim); }
  // Copies move the axes in use, word by word: one wide copy of a shape just written stalls on store
  // forwarding.
  Shape(const Shape& o) { assign(o.dims_, o.ndim_); }
  Shape& operator=(const Shape& o) {
    assign(o.dims_, o.ndim_);
    return *this;
  }

  int ndim() const { return ndim_; }
  int64_t operator[](int axis) const { return dims_[axis]; }
  int64_t& operator[](int axis) { return dims_[axis]; }
  const int64_t* data() const { return dims_; }
  const int64_t* begin() const { return dims_; }
  const int64_t* end() const { return dims_ + ndim_; }
  int64_t size() const {
    int64_t n = 1;
    for (int i = 0; i < ndim_; ++i) n *= dims_[i];
    return n;
  }
  // Unchecked; the caller knows ndim <= max_ndim.
  void assign(const int64_t* dims, int ndim) {
    ndim_ = ndim;
    for (int i = 0; i < ndim; ++i) dims_[i] = dims[i];
  }
  void set_ndim(int ndim) { ndim_ = ndim; }
  void push_back(int64_t dim);  // throws ShapeError at max_ndim

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.ndim_ != b.ndim_) return false;
    for (int i = 0; i < a.ndim_; ++i)
      if (a.dims_[i] != b.dims_[i]) return false;
    return true;
  }

 private:
  void assign_checked(const int64_t* dims, size_t ndim);
  int ndim_ = 0;
  int64_t dims_[max_ndim];
};

// "[2, 3]", as messages show shapes.
PLUGRAD_PUBLIC std::string to_string(const Shape& shape);

// Up to eight integers.
class PLUGRAD_PUBLIC Ints {
 public:
  Ints() = default;
  Ints(int64_t value) : Ints({value}) {}
  Ints(std::initializer_list<int64_t> values) {
    for (int64_t v : values) push_back(v);
  }
  Ints(const Shape& shape) {
    for (int64_t v : shape) push_back(v);
  }
  void push_back(int64_t value);  // throws ShapeError at max_ndim
  int size() const { return n_; }
  const int64_t* data() const { return values_; }
  int64_t operator[](int i) const { return values_[i]; }

 private:
  int n_ = 0;
  int64_t values_[max_ndim] = {};
};

// Which axes an op works on; negative ones count from the end. Empty: all of them.
using Axes = Ints;

}  // namespace plugrad

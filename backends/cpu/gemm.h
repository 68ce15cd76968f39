// Matrix products of float32 and float64 for all shapes, strides and thread counts, and the parts they are
// made of.
#pragma once

#include <cstddef>
#include <cstdint>

#include "plugrad/core/plugin.hpp"

namespace plugrad::cpu {

// Element (i, j) is data[i * row_stride + j * column_stride]. Strides of what is read may be 0 or negative.
template <class T>
struct Matrix {
  T* data;
  int64_t rows, columns, row_stride, column_stride;

  Matrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
  operator Matrix<const T>() const { return {data, rows, columns, row_stride, column_stride}; }
};

// c = a b, or c += a b. The elements of c do not overlap each other or a or b.
template <class T>
struct Product {
  Matrix<const T> a;  // [m, k]
  Matrix<const T> b;  // [k, n]
  Matrix<T> c;        // [m, n]
  bool accumulate = false;

  int64_t m() const { return c.rows; }
  int64_t n() const { return c.columns; }
  int64_t k() const { return a.columns; }
  Product transposed() const { return {b.transposed(), a.transposed(), c.transposed(), accumulate}; }
};

// Workspace of one call that successive users take in turn: what was got before is gone.
class Scratch {
 public:
  explicit Scratch(const plugin::Call& call) : call_(call) {}
  // For one thread of several: `bytes` that were got before, and are enough.
  Scratch(const plugin::Call& call, void* data, size_t bytes) : call_(call), data_(data), bytes_(bytes) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* get(int64_t n) {
    const size_t bytes = static_cast<size_t>(n) * sizeof(T);
    if (bytes > bytes_) {
      data_ = call_.workspace<char>(static_cast<int64_t>(bytes));
      bytes_ = bytes;
    }
    return static_cast<T*>(data_);
  }

 private:
  const plugin::Call& call_;
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

// The product by whichever part below is fastest for the shape and strides, on up to `threads` threads. k ==
// 0 gives zeros. For float32 and float64.
template <class T>
void multiply(const Product<T>& p, Scratch& scratch, int threads);

// How many bytes of scratch that takes on one thread, at most.
template <class T>
size_t scratch_bytes(const Product<T>& p);

// How many multiply-adds a thread should at least get.
constexpr int64_t multiply_grain = 2 << 20;

// The parts, each for float32 and float64.

// b.column_stride == 1: for each row of a a weighted sum of b's rows, without keeping anything for the next.
// For one row, or few rows of b. a and c may have any strides.
template <class T>
void multiply_rows(const Product<T>& p, int threads);

// a.column_stride == 1 and b.row_stride == 1: dot products, vectorised along k.
template <class T>
void multiply_dot(const Product<T>& p, int threads);

// All strides: register tiles over blocks packed for the caches. Vectorised along n.
template <class T>
void multiply_blocked(const Product<T>& p, Scratch& scratch, int threads);
// How many elements of scratch that takes for each thread.
int64_t blocked_scratch(int64_t m, int64_t n, int64_t k);

}  // namespace plugrad::cpu

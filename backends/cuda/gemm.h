// Matrix products of strided matrices by cuBLAS.
#pragma once

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

// Element (i, j) is data[i * row_stride + j * column_stride]. Strides of what is read may be 0 or negative.
template <class T>
struct Matrix {
  T* data;
  int64_t rows, columns, row_stride, column_stride;

  Matrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

// A matrix given as an array of two axes.
template <class T>
Matrix<T> matrix(const DLTensor& t) {
  return {plugin::data<T>(t), t.shape[0], t.shape[1], t.strides[0], t.strides[1]};
}

// c = a b, for c row-major without gaps and apart from a and b; without columns of a, c is zero. Matrices
// whose rows or columns lie without gaps, so all transposes of compact ones too, are read where they are,
// others are copied to workspace of the call first. For float and double. Throws Failure.
template <class T>
void multiply(const plugin::Call& call, const Matrix<const T>& a, const Matrix<const T>& b,
              const Matrix<T>& c);

}  // namespace plugrad::cuda

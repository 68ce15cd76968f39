// Convolutions of float32 and float64, by whichever of oneDNN and products with patch matrices is faster.
#pragma once

#include "plugrad/backends/common/convolution.h"
#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {

using common::Convolution;
using common::ConvolutionArrays;
using common::Direction;

// Sums without terms are zero. For float and double.
template <class T>
void convolve(const Call& c, Direction direction, const Convolution& g, const ConvolutionArrays<T>& arrays);

// An array of a call, compact; what a convolution does not write it only reads.
template <class T>
T* operand(const Call& c, const DLTensor& t) {
  return const_cast<T*>(compact<T>(c, t));
}

}  // namespace plugrad::cpu

// What softmax, its logarithm and the loss made of it need of a row x: m = max x and s = sum e^(x - m).
#pragma once

#include <limits>

#include "plugrad/backends/cuda/reduction.cuh"
#include "plugrad/backends/cuda/rows.cuh"

namespace plugrad::cuda {

// A reducer that finds both in one walk: when a larger maximum turns up, the sum is scaled to it.
//
// The maximum starts at the lowest finite number, so that no difference of two of them is NaN for want of
// elements. NaN is no maximum, but makes the sum NaN, as does an infinite one; elements that are all
// -infinity make it 0.
template <class T>
struct Normalizer {
  using In = T;
  struct Acc {
    T max, sum;
  };
  using Out = Acc;
  static constexpr T least = std::numeric_limits<T>::lowest(), none = -std::numeric_limits<T>::infinity();

  __device__ Acc start() const { return {least, 0}; }
  __device__ In neutral() const { return none; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    T m = acc.max, terms[at_once<In>];
    for (const In& value : x) m = value > m ? value : m;
    for (int i = 0; i < at_once<In>; ++i) terms[i] = ::exp(x[i] - m);
    acc = {m, acc.sum * ::exp(acc.max - m) + tree_sum<at_once<In>, T>(terms)};
  }
  __device__ Acc operator()(Acc a, Acc b) const {
    const bool first = a.max > b.max;
    const Acc &larger = first ? a : b, &smaller = first ? b : a;
    return {larger.max, larger.sum + smaller.sum * ::exp(smaller.max - larger.max)};
  }
};

// The part of row_kernel's functions that they have in common: operand `x` is reduced by a Normalizer.
template <class T, int x>
struct NormalizedRows {
  using Item = T;
  using Acc = typename Normalizer<T>::Acc;

  template <int width, int N>
  __device__ Acc fold(const Row<N>& row, int rank, int size) const {
    const RowSource<T, N> source{row, x, row.axis.length};
    return fold_all<width>(Normalizer<T>(), source, rank, size);
  }
  __device__ Acc operator()(Acc a, Acc b) const { return Normalizer<T>()(a, b); }
};

}  // namespace plugrad::cuda

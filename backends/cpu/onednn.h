// The only place that knows oneDNN: its matrix product, and convolutions with a cache of primitives. For
// oneDNN 2.6 and 3 alike; another version changes only this adapter.
#pragma once

#include <omp.h>

#include <cstdint>

#include "plugrad/backends/cpu/convolution.h"
#include "plugrad/backends/cpu/gemm.h"

namespace plugrad::cpu::onednn {

// c = a b, or c += a b. Of a and b each has a unit stride, and its other stride is at least what lies along
// the unit one; c.column_stride == 1.
void sgemm(const Product<float>& p, int threads);

// By code that oneDNN generates for the shape. False, and nothing is done, where it has none for this
// processor: what else it has is slower than ours.
bool convolve(const Call& c, Direction direction, const Convolution& g,
              const ConvolutionArrays<float>& arrays, int threads);

// oneDNN takes as many threads as OpenMP would give to the calling thread.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads) : before_(omp_get_max_threads()) {
    if (before_ != threads) omp_set_num_threads(threads);
    changed_ = before_ != threads;
  }
  ~ThreadLimit() {
    if (changed_) omp_set_num_threads(before_);
  }
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  const int before_;
  bool changed_;
};

}  // namespace plugrad::cpu::onednn

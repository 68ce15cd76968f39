// The elements of a tensor or a filter on the device: their bytes checked, copied out, and written back.
#pragma once

#include <vector>

#include "plugrad/tests/cuda_emulation/cudnn/descriptors.h"
#include "plugrad/tests/cuda_emulation/library/overlap.h"

namespace plugrad::cuda_emulation::cudnn {

// alpha * result + beta * what was there before. Both are float for float tensors and double for double ones.
struct Scaling {
  double alpha, beta;
};

class Operand {
 public:
  // `name` is what reports call it, such as "dx".
  Operand(const Tensor& shape, const void* data, const char* name)
      : shape_(shape), data_(data), name_(name) {}
  Operand(const Filter& shape, const void* data, const char* name);

  // Whether `call` may read or write the elements; reports it if not.
  bool check(bool write, const char* call) const;
  // Row-major without gaps.
  std::vector<double> read(bool tf32) const;
  void write(const std::vector<double>& values, const Scaling& scaling) const;
  // From the first byte to the last.
  Extent extent() const;

 private:
  template <class F>
  void for_each_offset(F f) const;
  template <class T>
  void write_as(const std::vector<double>& values, const Scaling& scaling) const;

  Tensor shape_;
  const void* data_;
  const char* name_;
};

}  // namespace plugrad::cuda_emulation::cudnn

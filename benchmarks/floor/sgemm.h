// oneDNN's matrix product on one thread.
#pragma once

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include <cstdint>
#include <stdexcept>

namespace plugrad::by_hand {

// A matrix as it lies in memory: rows `stride` apart; transposed(x) is read as its transpose.
struct Operand {
  const float* data;
  int64_t stride;
  bool transposed = false;
};
inline Operand transposed(const float* data, int64_t stride) { return {data, stride, true}; }

// c [m, n], whose rows are c_stride apart, becomes beta c + alpha a b, with a [m, k] and b [k, n].
inline void sgemm(int64_t m, int64_t n, int64_t k, float alpha, const Operand& a, const Operand& b,
                  float beta, float* c, int64_t c_stride) {
  omp_set_num_threads(1);
  if (dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', m, n, k, alpha, a.data, a.stride, b.data,
                 b.stride, beta, c, c_stride) != dnnl_success)
    throw std::runtime_error("oneDNN's sgemm failed");
}

}  // namespace plugrad::by_hand

#include "plugrad/backends/cpu/onednn.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace plugrad::cpu::onednn {

void sgemm(const Product<float>& p, int threads) {
  const ThreadLimit limit(threads);
  const bool a_transposed = p.a.column_stride != 1, b_transposed = p.b.column_stride != 1;
  const dnnl_status_t status =
      dnnl_sgemm(a_transposed ? 'T' : 'N', b_transposed ? 'T' : 'N', p.m(), p.n(), p.k(), 1.0F, p.a.data,
                 a_transposed ? p.a.column_stride : p.a.row_stride, p.b.data,
                 b_transposed ? p.b.column_stride : p.b.row_stride, p.accumulate ? 1.0F : 0.0F, p.c.data,
                 p.c.row_stride);
  if (status != dnnl_success)
    throw plugin::Failure(PLUGRAD_FAILED, "oneDNN's sgemm failed with status " + std::to_string(status));
}

}  // namespace plugrad::cpu::onednn

// Adds column by column, which compilers vectorise, in blocks of a's columns that stay in the cache.
#include "plugrad/tests/cuda_emulation/cublas/product.h"

#include <algorithm>

namespace plugrad::cuda_emulation::cublas {

namespace {

void add_multiple(double* __restrict c, const double* __restrict a, double factor, int64_t m) {
  for (int64_t i = 0; i < m; ++i) c[i] += a[i] * factor;
}

}  // namespace

std::vector<double> multiply(const std::vector<double>& a, const std::vector<double>& b, int64_t m, int64_t n,
                             int64_t k) {
  constexpr int64_t block_size = 1 << 14;  // elements: 128 KiB
  const int64_t block = std::max<int64_t>(1, block_size / std::max<int64_t>(m, 1));
  std::vector<double> c(static_cast<size_t>(m * n), 0.0);
  for (int64_t first = 0; first < k; first += block)
    for (int64_t j = 0; j < n; ++j)
      for (int64_t p = first; p < std::min(first + block, k); ++p)
        add_multiple(c.data() + j * m, a.data() + p * m, b[static_cast<size_t>(p + j * k)], m);
  return c;
}

}  // namespace plugrad::cuda_emulation::cublas

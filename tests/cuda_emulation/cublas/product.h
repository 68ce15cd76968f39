// The arithmetic of a matrix product, apart from everything that cuBLAS has to say about its arguments.
#pragma once

#include <cstdint>
#include <vector>

namespace plugrad::cuda_emulation::cublas {

// c = a b for compact column-major matrices: a [m, k], b [k, n]. Every element is summed in float64 from p =
// 0 to k - 1, so the result is the same in every run.
std::vector<double> multiply(const std::vector<double>& a, const std::vector<double>& b, int64_t m, int64_t n,
                             int64_t k);

}  // namespace plugrad::cuda_emulation::cublas

// CUDA's math functions beside those of the C library: one list of expressions, compiled for both sides.
#include <cuda_fp16.h>

#include <cmath>

#include "kernels.h"

// T is float or double, x and y its values.
#define UNARY(X)                                                                                             \
  X(0, exp(x))                                                                                               \
  X(1, log(fabs(x) + T(0.1)))                                                                                \
  X(2, sin(x))                                                                                               \
  X(3, cos(x)) X(4, tan(x)) X(5, tanh(x)) X(6, sqrt(fabs(x))) X(7, cbrt(x)) X(8, erf(x))                     \
      X(9, lgamma(fabs(x) + T(0.5))) X(10, sinh(x)) X(11, cosh(x)) X(12, asin(x / T(101)))                   \
          X(13, acos(x / T(101))) X(14, atan(x)) X(15, expm1(x)) X(16, log1p(fabs(x))) X(17, floor(x))       \
              X(18, ceil(x)) X(19, round(x)) X(20, trunc(x)) X(21, rint(x)) X(                               \
                  22, tgamma(fabs(x) / T(10) + T(0.5))) X(23, log2(fabs(x) + T(0.1)))                        \
                  X(24, log10(fabs(x) + T(0.1))) X(25, exp2(x)) X(26, asinh(x)) X(27, acosh(fabs(x) + T(1))) \
                      X(28, atanh(x / T(101))) X(29, RSQRT(fabs(x) + T(0.1))) X(30, T(1) / (T(1) + exp(-x))) \
                          X(31, T(int64_t(x))) X(32, T(int(x) % 7)) X(33, T(uint32_t(fabs(x) * 1000) >> 3))  \
                              X(34, T(POPC(unsigned(int(x))))) X(35, erfc(x))                                \
                                  X(36, T(float(__float2half(float(x)))))                                    \
                                      X(37, T(int64_t(x) * 1000003 % 997)) X(38, T(uint8_t(int(x))))         \
                                          X(39, T(int16_t(int(x) * 3000)))
#define BINARY(X)                                                                                           \
  X(0, pow(fabs(x), y / T(20)))                                                                             \
  X(1, atan2(x, y))                                                                                         \
  X(2, hypot(x, y))                                                                                         \
  X(3, fmod(x, y)) X(4, remainder(x, y)) X(5, fmax(x, y)) X(6, fmin(x, y)) X(7, x / y) X(8, copysign(x, y)) \
      X(9, nextafter(x, y)) X(10, T(x < y)) X(11, ldexp(x, int(y) / 8)) X(12, fma(x, y, x))                 \
          X(13, T(int(x) / (int(y) | 1))) X(14, T((int64_t(x * 1e6) ^ int64_t(y * 1e6)) % 1000))            \
              X(15, fdim(x, y))
#define CASE(op_, expression) \
  case op_:                   \
    return expression;
#define NAME(op_, expression) #expression,

namespace kernels {
namespace {

#define RSQRT(v) rsqrt(v)
#define POPC(v) __popc(v)
template <class T>
__device__ T device_unary(T x, int op) {
  switch (op) { UNARY(CASE) }
  return 0;
}
#undef RSQRT
#undef POPC
template <class T>
__device__ T device_binary(T x, T y, int op) {
  switch (op) { BINARY(CASE) }
  return 0;
}

template <class T>
__global__ void unary_kernel(const T* x, T* out, int n, int op) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = device_unary(x[i], op);
}
template <class T>
__global__ void binary_kernel(const T* x, const T* y, T* out, int n, int op) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = device_binary(x[i], y[i], op);
}

constexpr const char* kUnaryNames[] = {UNARY(NAME)};
constexpr const char* kBinaryNames[] = {BINARY(NAME)};

}  // namespace

template <class T>
void unary(const T* x, T* out, int n, int op) {
  unary_kernel<<<(n + 127) / 128, 128>>>(x, out, n, op);
}
template <class T>
void binary(const T* x, const T* y, T* out, int n, int op) {
  binary_kernel<<<(n + 127) / 128, 128>>>(x, y, out, n, op);
}

#define RSQRT(v) (T(1) / std::sqrt(v))
#define POPC(v) __builtin_popcount(v)
template <class T>
T host_unary(T x, int op) {
  switch (op) { UNARY(CASE) }
  return 0;
}
template <class T>
T host_binary(T x, T y, int op) {
  switch (op) { BINARY(CASE) }
  return 0;
}
const char* unary_name(int op) { return kUnaryNames[op]; }
const char* binary_name(int op) { return kBinaryNames[op]; }

#define INSTANTIATE(T)                                       \
  template void unary<T>(const T*, T*, int, int);            \
  template void binary<T>(const T*, const T*, T*, int, int); \
  template T host_unary<T>(T, int);                          \
  template T host_binary<T>(T, T, int);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace kernels

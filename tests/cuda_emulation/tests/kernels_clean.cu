// Correct kernels: the emulation must run them without a report.
#include <cuda_fp16.h>

#include "kernels.h"

namespace kernels {
namespace {

unsigned blocks(int64_t n) { return static_cast<unsigned>((n + 255) / 256); }

__global__ void add_kernel(const float* a, const float* b, float* out, int64_t n) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < n;
       i += int64_t{gridDim.x} * blockDim.x)
    out[i] = a[i] + b[i];
}

__global__ void sum_kernel(const float* x, float* out, int64_t n) {
  __shared__ float partial[32];
  float v = 0;
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < n;
       i += int64_t{gridDim.x} * blockDim.x)
    v += x[i];
  for (int k = 16; k; k >>= 1) v += __shfl_down_sync(~0u, v, k);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = v;
  __syncthreads();
  if (threadIdx.x >= 32) return;
  v = threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : 0;
  for (int k = 16; k; k >>= 1) v += __shfl_down_sync(~0u, v, k);
  if (threadIdx.x == 0) out[blockIdx.x] = v;
}

__global__ void transpose_kernel(const float* x, float* out, int rows, int columns) {
  __shared__ float tile[32][33];
  const int c = blockIdx.x * 32 + threadIdx.x, r0 = blockIdx.y * 32;
  for (int j = threadIdx.y; j < 32; j += blockDim.y)
    if (c < columns && r0 + j < rows) tile[j][threadIdx.x] = x[int64_t{r0 + j} * columns + c];
  __syncthreads();
  const int r = r0 + threadIdx.x;
  for (int j = threadIdx.y; j < 32; j += blockDim.y)
    if (const int cc = blockIdx.x * 32 + j; r < rows && cc < columns)
      out[int64_t{cc} * rows + r] = tile[threadIdx.x][j];
}

__global__ void scatter_add_kernel(const float* values, const int64_t* index, float* out, int64_t n) {
  const int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x;
  if (i < n) atomicAdd(&out[index[i]], values[i]);
}

__global__ void softmax_kernel(const float* x, float* out, int columns) {
  extern __shared__ float scratch[];
  const float* row = x + int64_t{blockIdx.x} * columns;
  const int t = threadIdx.x;
  float m = -INFINITY;
  for (int i = t; i < columns; i += blockDim.x) m = fmaxf(m, row[i]);
  scratch[t] = m;
  __syncthreads();
  for (int k = blockDim.x / 2; k; k >>= 1) {
    if (t < k) scratch[t] = fmaxf(scratch[t], scratch[t + k]);
    __syncthreads();
  }
  m = scratch[0];
  __syncthreads();
  float s = 0;
  for (int i = t; i < columns; i += blockDim.x) s += expf(row[i] - m);
  scratch[t] = s;
  __syncthreads();
  for (int k = blockDim.x / 2; k; k >>= 1) {
    if (t < k) scratch[t] += scratch[t + k];
    __syncthreads();
  }
  for (int i = t; i < columns; i += blockDim.x)
    out[int64_t{blockIdx.x} * columns + i] = expf(row[i] - m) / scratch[0];
}

__global__ void fill_bytes_kernel(unsigned char* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = static_cast<unsigned char>(i * 7);
}

__global__ void warp_reverse_kernel(const int* x, int* out) {
  __shared__ int tile[64];
  const int first = threadIdx.x / 32 * 32, lane = threadIdx.x % 32;
  for (int round = 0; round < 3; ++round) {
    tile[threadIdx.x] = x[threadIdx.x] + round;
    __syncwarp();
    out[threadIdx.x] =
        tile[first + 31 - lane] + tile[first + (lane + 5) % 32] * 0;  // each is read by two lanes
    __syncwarp();
  }
}

__global__ void warp_primitives_kernel(int* out) {
  const int lane = threadIdx.x;
  int* mine = out + lane * 8;
  mine[0] = __shfl_xor_sync(~0u, lane, 3);
  mine[1] = __shfl_up_sync(~0u, lane, 2);
  mine[2] = static_cast<int>(__ballot_sync(~0u, lane % 3 == 0));
  mine[3] = __any_sync(~0u, lane == 5) * 2 + __all_sync(~0u, lane < 32);
  mine[4] = static_cast<int>(__match_any_sync(~0u, lane / 4));
  if (lane < 8) mine[5] = __shfl_sync(0xffu, lane * 10, 7 - lane);  // a part of the warp
  else mine[5] = __shfl_down_sync(0xffffff00u, lane, 1, 8);
  mine[6] = __popc(__activemask());
  mine[7] = static_cast<int>(__shfl_sync(~0u, lane * 1.5, 4));  // eight bytes
}

__device__ __noinline__ float twice(float v) { return 2 * v; }
__device__ __noinline__ float power(float v, int n) { return n == 0 ? 1 : v * power(v, n - 1); }
__device__ __noinline__ void swap_largest(float (&values)[8], int n) {
  int best = 0;
  for (int i = 1; i < n; ++i) best = values[i] > values[best] ? i : best;
  const float v = values[0];
  values[0] = values[best];
  values[best] = v;
}

__global__ void call_functions_kernel(const float* x, float* out, int n) {
  const int i = threadIdx.x;
  if (i >= n) return;
  float values[8];
  for (int k = 0; k < 8; ++k) values[k] = x[(i + k) % n];
  swap_largest(values, 1 + i % 8);
  float total = 0;
  switch (i % 5) {
    case 0:
      total = values[0];
      break;
    case 1:
      total = twice(values[0]);
      break;
    case 2:
      total = power(values[0], 3);
      break;
    case 3:
      total = -values[0];
      break;
    default:
      total = values[i % 8];
  }
  out[i] = total;
}

__global__ void add_halves_kernel(const __half* a, const __half* b, __half* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (2 * i + 1 < n)
    reinterpret_cast<__half2*>(out)[i] =
        __hfma2(reinterpret_cast<const __half2*>(a)[i], reinterpret_cast<const __half2*>(b)[i],
                __hadd2(reinterpret_cast<const __half2*>(a)[i], reinterpret_cast<const __half2*>(b)[i]));
}

__constant__ float constants[4] = {1, 2, 3, 4};
__device__ float variables[4] = {10, 20, 30, 40};

__global__ void use_symbols_kernel(float* out) {
  out[threadIdx.x] = constants[threadIdx.x] + variables[threadIdx.x];
}

__global__ void active_mask_kernel(unsigned* out) {
  if (threadIdx.x % 2) out[threadIdx.x] = __activemask();
  else out[threadIdx.x] = 0;
}

__global__ void block_votes_kernel(int* out) {
  const int odd = threadIdx.x % 2;
  const int number = __syncthreads_count(odd);
  const int all = __syncthreads_and(odd);
  const int any = __syncthreads_or(odd);
  out[threadIdx.x] = number * 100 + all * 10 + (any != 0);
}

// Works on devices of capability 7.0 and later, where every thread makes progress.
__global__ void wait_for_other_thread_kernel(int* out) {
  __shared__ volatile int flag;
  if (threadIdx.x == 0) flag = 0;
  __syncthreads();
  if (threadIdx.x == 40) flag = 1;
  if (threadIdx.x == 3)
    while (flag == 0) {
    }
  out[threadIdx.x] = 1;
}

__global__ void use_dynamic_shared_kernel(float* out) {
  extern __shared__ float scratch[];
  scratch[threadIdx.x] = threadIdx.x;
  __syncthreads();
  out[threadIdx.x] = scratch[blockDim.x - 1 - threadIdx.x];
}

__global__ void multiply_kernel(float* x, int n, int times) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float v = x[i];
  for (int k = 0; k < times; ++k) v = v * 1.0001f + 0.5f;
  x[i] = v;
}

}  // namespace

void add(const float* a, const float* b, float* out, int64_t n, cudaStream_t stream) {
  add_kernel<<<blocks(n), 256, 0, stream>>>(a, b, out, n);
}
void sum(const float* x, float* partial, float* out, int64_t n, cudaStream_t stream) {
  const unsigned count = n < 64 * 256 ? blocks(n) : 64;
  sum_kernel<<<count, 256, 0, stream>>>(x, partial, n);
  sum_kernel<<<1, 256, 0, stream>>>(partial, out, count);
}
void transpose(const float* x, float* out, int rows, int columns, cudaStream_t stream) {
  const dim3 grid((columns + 31) / 32, (rows + 31) / 32);
  transpose_kernel<<<grid, dim3(32, 8), 0, stream>>>(x, out, rows, columns);
}
void scatter_add(const float* values, const int64_t* index, float* out, int64_t n, cudaStream_t stream) {
  scatter_add_kernel<<<blocks(n), 256, 0, stream>>>(values, index, out, n);
}
void softmax(const float* x, float* out, int rows, int columns, cudaStream_t stream) {
  softmax_kernel<<<rows, 128, 128 * sizeof(float), stream>>>(x, out, columns);
}
void fill_bytes(unsigned char* out, int n, cudaStream_t stream) {
  fill_bytes_kernel<<<blocks(n), 256, 0, stream>>>(out, n);
}
void warp_reverse(const int* x, int* out, cudaStream_t stream) {
  warp_reverse_kernel<<<1, 64, 0, stream>>>(x, out);
}
void warp_primitives(int* out, cudaStream_t stream) { warp_primitives_kernel<<<1, 32, 0, stream>>>(out); }
void call_functions(const float* x, float* out, int n, cudaStream_t stream) {
  call_functions_kernel<<<1, 64, 0, stream>>>(x, out, n);
}
void add_halves(const uint16_t* a, const uint16_t* b, uint16_t* out, int n, cudaStream_t stream) {
  add_halves_kernel<<<blocks(n), 256, 0, stream>>>(reinterpret_cast<const __half*>(a),
                                                   reinterpret_cast<const __half*>(b),
                                                   reinterpret_cast<__half*>(out), n);
}
void use_symbols(float* out, cudaStream_t stream) { use_symbols_kernel<<<1, 4, 0, stream>>>(out); }
void set_symbol(const float* four_values) { cudaMemcpyToSymbol(constants, four_values, sizeof constants); }
void active_mask(unsigned* out, cudaStream_t stream) { active_mask_kernel<<<1, 32, 0, stream>>>(out); }
void block_votes(int* out, cudaStream_t stream) { block_votes_kernel<<<1, 64, 0, stream>>>(out); }
void wait_for_other_thread(int* out, cudaStream_t stream) {
  wait_for_other_thread_kernel<<<1, 64, 0, stream>>>(out);
}
void use_dynamic_shared(float* out, int bytes, cudaStream_t stream) {
  use_dynamic_shared_kernel<<<1, 64, bytes, stream>>>(out);
}
cudaError_t allow_dynamic_shared(int bytes) {
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(use_dynamic_shared_kernel),
                              cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
}
cudaError_t attributes(cudaFuncAttributes* attributes) {
  return cudaFuncGetAttributes(attributes, reinterpret_cast<const void*>(transpose_kernel));
}
cudaError_t occupancy(int* blocks, int threads, size_t shared) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, transpose_kernel, threads, shared);
}
void multiply(float* x, int n, int times, cudaStream_t stream) {
  multiply_kernel<<<blocks(n), 256, 0, stream>>>(x, n, times);
}

}  // namespace kernels

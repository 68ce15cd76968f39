// The kernels that the tests launch: correct ones, and ones with a planted mistake each.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace kernels {

// kernels_clean.cu
void add(const float* a, const float* b, float* out, int64_t n, cudaStream_t stream);
void sum(const float* x, float* partial, float* out, int64_t n, cudaStream_t stream);  // 64 partial sums
void transpose(const float* x, float* out, int rows, int columns, cudaStream_t stream);
void scatter_add(const float* values, const int64_t* index, float* out, int64_t n, cudaStream_t stream);
void softmax(const float* x, float* out, int rows, int columns, cudaStream_t stream);
void fill_bytes(unsigned char* out, int n, cudaStream_t stream);  // neighbours written by different threads
void warp_reverse(const int* x, int* out, cudaStream_t stream);   // through shared memory and __syncwarp
void warp_primitives(int* out, cudaStream_t stream);              // see the kernel
void call_functions(const float* x, float* out, int n,
                    cudaStream_t stream);  // functions that are not inlined
void add_halves(const uint16_t* a, const uint16_t* b, uint16_t* out, int n, cudaStream_t stream);
void use_symbols(float* out, cudaStream_t stream);
void set_symbol(const float* four_values);
void active_mask(unsigned* out, cudaStream_t stream);
void block_votes(int* out, cudaStream_t stream);
void wait_for_other_thread(int* out, cudaStream_t stream);
void use_dynamic_shared(float* out, int bytes, cudaStream_t stream);
cudaError_t allow_dynamic_shared(int bytes);
cudaError_t attributes(cudaFuncAttributes* attributes);
cudaError_t occupancy(int* blocks, int threads, size_t shared);
void multiply(float* x, int n, int times, cudaStream_t stream);  // for measuring

// kernels_planted.cu: the mistake called `name`. x and out hold at least 1024 numbers.
void planted(const char* name, const float* x, float* out, int n, cudaStream_t stream = nullptr);

// kernels_math.cu: function `op` of one or two arguments, on the device and on the host.
constexpr int kUnaryFunctions = 40;
constexpr int kBinaryFunctions = 16;
template <class T>
void unary(const T* x, T* out, int n, int op);
template <class T>
void binary(const T* x, const T* y, T* out, int n, int op);
template <class T>
T host_unary(T x, int op);
template <class T>
T host_binary(T x, T y, int op);
const char* unary_name(int op);
const char* binary_name(int op);

// kernels_cub.cu: algorithms of NVIDIA CUB on one block of 128 threads.
void cub_block_reduce(const float* x, float* out, int algorithm);  // 512 numbers
void cub_block_scan(const int* x, int* out, int algorithm);        // 512
void cub_warp_reduce(const int* x, int* out);                      // 128: one sum per warp
void cub_block_sort(int* x);                                       // 512
void cub_block_load_store(const int* x, int* out);                 // 512
void cub_block_argmax(const float* x, int n, int* out);

}  // namespace kernels

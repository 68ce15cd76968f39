// Kernels with one mistake each. The line of the mistake ends in "// BUG name": the tests find it there.
#undef NDEBUG  // one of the mistakes is a failed assertion
#include <cassert>
#include <cstring>

#include "kernels.h"

namespace kernels {
namespace {

__global__ void past_the_end(const float*, float* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i <= n) out[i] = 1;  // BUG past_the_end
}

__global__ void copy(const float* x, float* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = x[i];  // BUG copy
}

__global__ void missing_syncthreads(const float* x, float* out, int) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  out[threadIdx.x] = tile[63 - threadIdx.x];  // BUG missing_syncthreads
}

__global__ void missing_syncwarp(const float* x, float* out, int) {
  __shared__ float tile[32];
  tile[threadIdx.x] = x[threadIdx.x];
  out[threadIdx.x] = tile[31 - threadIdx.x];  // BUG missing_syncwarp
}

// The values are read before they are overwritten, as far as the shuffle is taken for a barrier, which it is
// not.
__global__ void shuffle_is_no_barrier(const float* x, float* out, int) {
  __shared__ float tile[32];
  tile[threadIdx.x] = x[threadIdx.x];
  const float v = __shfl_xor_sync(~0u, tile[threadIdx.x], 1);
  out[threadIdx.x] = v + tile[31 - threadIdx.x];  // BUG shuffle_is_no_barrier
}

__global__ void write_after_read(const float* x, float* out, int) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  const float v = tile[(threadIdx.x + 33) % 64];
  tile[threadIdx.x] = 2 * v;  // BUG write_after_read
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}

__global__ void read_beside_atomic(const float*, float* out, int) {
  __shared__ int counter;
  if (threadIdx.x == 0) counter = 0;
  __syncthreads();
  atomicAdd(&counter, 1);
  out[threadIdx.x] = counter;  // BUG read_beside_atomic
}

__global__ void race_between_blocks(const float* x, float* out, int) {
  if (threadIdx.x == 0) out[0] += x[blockIdx.x];  // BUG race_between_blocks
}

__global__ void racing_bytes(const float*, float* out, int) {
  auto* bytes = reinterpret_cast<unsigned char*>(out);
  bytes[threadIdx.x / 2] = 1;  // BUG racing_bytes
}

__global__ void uninitialised_shared(const float*, float* out, int) {
  __shared__ float tile[64];
  if (threadIdx.x < 32) tile[threadIdx.x] = 1;
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];  // BUG uninitialised_shared
}

__global__ void shared_past_the_end(const float*, float* out, int) {
  __shared__ float tile[64];
  tile[threadIdx.x + 1] = 1;  // BUG shared_past_the_end
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x / 2 + 1];
}

__global__ void dynamic_shared_past_the_end(const float*, float* out, int) {
  extern __shared__ float scratch[];
  scratch[threadIdx.x] = 1;  // BUG dynamic_shared_past_the_end
  out[threadIdx.x] = scratch[threadIdx.x];
}

__global__ void divergent_barrier(const float*, float* out, int) {
  if (threadIdx.x < 32) {
    out[threadIdx.x] = 1;
    __syncthreads();  // BUG divergent_barrier
    out[threadIdx.x] += 1;
  } else {
    __syncthreads();
  }
}

__global__ void barrier_after_exit(const float*, float* out, int) {
  if (threadIdx.x >= 50) return;
  out[threadIdx.x] = 1;
  __syncthreads();  // BUG barrier_after_exit
  out[threadIdx.x] = 2;
}

__global__ void inactive_lane(const float*, float* out, int) {
  float v = threadIdx.x;
  if (threadIdx.x % 32 < 16) v += __shfl_down_sync(~0u, v, 8);  // BUG inactive_lane
  out[threadIdx.x] = v;
}

__global__ void wrong_mask(const float*, float* out, int) {
  float v = threadIdx.x;
  v += __shfl_xor_sync(0x0000ffffu, v, 1);  // BUG wrong_mask
  out[threadIdx.x] = v;
}

__global__ void deadlock(const float*, float* out, int) {
  if (threadIdx.x < 8) __syncwarp(0xffff);  // BUG deadlock
  else __syncthreads();
  out[threadIdx.x] = 1;
}

__global__ void endless_wait(const float*, float* out, int) {
  volatile float* flag = out;
  while (*flag != 12345) {
  }  // BUG endless_wait
}

__global__ void misaligned(const float* x, float* out, int) {
  const float4 v = *reinterpret_cast<const float4*>(x + 1 + 4 * threadIdx.x);  // BUG misaligned
  out[threadIdx.x] = v.x + v.y + v.z + v.w;
}

__global__ void local_past_the_end(const float* x, float* out, int n) {
  float values[16];
  for (int i = 0; i < 16; ++i) values[i] = x[i + threadIdx.x];
  for (int i = 0; i < n; ++i) values[(i * 7) % n] += 1;  // BUG local_past_the_end
  out[threadIdx.x] = values[n / 2 % 16];
}

__global__ void failed_assert(const float*, float*, int n) {
  assert(n < 0 && "n is too large");  // BUG failed_assert
}

__global__ void trapped(const float*, float*, int) {
  __trap();  // BUG trapped
}

__global__ void division_by_zero(const float*, float* out, int n) {
  out[threadIdx.x] = static_cast<float>(n / static_cast<int>(threadIdx.x));  // BUG division_by_zero
}

__global__ void unsupported(const float*, float* out, int) {
  asm volatile("bar.arrive 1, 64;");  // BUG unsupported
  out[0] = 1;
}

// The mistake is in a function that is inlined.
__device__ void store(float* p, int i) {
  p[i] = 1;  // BUG inlined
}
__global__ void inlined(const float*, float* out, int n) { store(out, n + static_cast<int>(threadIdx.x)); }

struct Planted {
  const char* name;
  void (*kernel)(const float*, float*, int);
  int blocks;
  int threads;
  int shared = 0;
};

#define PLANTED(name, ...) \
  { #name, name, __VA_ARGS__ }
const Planted kPlanted[] = {
    PLANTED(past_the_end, 5, 256),
    PLANTED(copy, 4, 256),
    PLANTED(missing_syncthreads, 1, 64),
    PLANTED(missing_syncwarp, 1, 32),
    PLANTED(shuffle_is_no_barrier, 1, 32),
    PLANTED(write_after_read, 1, 64),
    PLANTED(read_beside_atomic, 1, 64),
    PLANTED(race_between_blocks, 8, 32),
    PLANTED(racing_bytes, 1, 64),
    PLANTED(uninitialised_shared, 1, 64),
    PLANTED(shared_past_the_end, 1, 64),
    PLANTED(dynamic_shared_past_the_end, 1, 64, 128),
    PLANTED(divergent_barrier, 1, 64),
    PLANTED(barrier_after_exit, 1, 64),
    PLANTED(inactive_lane, 1, 64),
    PLANTED(wrong_mask, 1, 32),
    PLANTED(deadlock, 1, 64),
    PLANTED(endless_wait, 1, 1),
    PLANTED(misaligned, 1, 16),
    PLANTED(local_past_the_end, 1, 32),
    PLANTED(failed_assert, 1, 1),
    PLANTED(trapped, 1, 1),
    PLANTED(division_by_zero, 1, 2),
    PLANTED(unsupported, 1, 1),
    PLANTED(inlined, 1, 32),
};

}  // namespace

void planted(const char* name, const float* x, float* out, int n, cudaStream_t stream) {
  for (const Planted& p : kPlanted)
    if (std::strcmp(p.name, name) == 0) p.kernel<<<p.blocks, p.threads, p.shared, stream>>>(x, out, n);
}

}  // namespace kernels

// NVIDIA CUB's algorithms for blocks and warps: code of others that has to run correctly.
#include <cub/cub.cuh>

#include "kernels.h"

namespace kernels {
namespace {

constexpr int kThreads = 128;
constexpr int kItems = 4;

template <cub::BlockReduceAlgorithm algorithm>
__global__ void reduce_kernel(const float* x, float* out) {
  using Reduce = cub::BlockReduce<float, kThreads, algorithm>;
  __shared__ typename Reduce::TempStorage storage;
  float items[kItems];
  for (int i = 0; i < kItems; ++i) items[i] = x[threadIdx.x * kItems + i];
  const float sum = Reduce(storage).Sum(items);
  if (threadIdx.x == 0) *out = sum;
}

template <cub::BlockScanAlgorithm algorithm>
__global__ void scan_kernel(const int* x, int* out) {
  using Scan = cub::BlockScan<int, kThreads, algorithm>;
  __shared__ typename Scan::TempStorage storage;
  int items[kItems];
  for (int i = 0; i < kItems; ++i) items[i] = x[threadIdx.x * kItems + i];
  Scan(storage).InclusiveSum(items, items);
  for (int i = 0; i < kItems; ++i) out[threadIdx.x * kItems + i] = items[i];
}

__global__ void warp_reduce_kernel(const int* x, int* out) {
  using Reduce = cub::WarpReduce<int>;
  __shared__ typename Reduce::TempStorage storage[kThreads / 32];
  const int sum = Reduce(storage[threadIdx.x / 32]).Sum(x[threadIdx.x]);
  if (threadIdx.x % 32 == 0) out[threadIdx.x / 32] = sum;
}

__global__ void sort_kernel(int* x) {
  using Sort = cub::BlockRadixSort<int, kThreads, kItems>;
  __shared__ typename Sort::TempStorage storage;
  int items[kItems];
  for (int i = 0; i < kItems; ++i) items[i] = x[threadIdx.x * kItems + i];
  Sort(storage).Sort(items);
  for (int i = 0; i < kItems; ++i) x[threadIdx.x * kItems + i] = items[i];
}

__global__ void load_store_kernel(const int* x, int* out) {
  using Load = cub::BlockLoad<int, kThreads, kItems, cub::BLOCK_LOAD_WARP_TRANSPOSE>;
  using Store = cub::BlockStore<int, kThreads, kItems, cub::BLOCK_STORE_TRANSPOSE>;
  __shared__ union {
    typename Load::TempStorage load;
    typename Store::TempStorage store;
  } storage;
  int items[kItems];
  Load(storage.load).Load(x, items);
  __syncthreads();
  for (int& item : items) item = 3 * item + 1;
  Store(storage.store).Store(out, items);
}

__global__ void argmax_kernel(const float* x, int n, int* out) {
  using Pair = cub::KeyValuePair<int, float>;
  using Reduce = cub::BlockReduce<Pair, kThreads>;
  __shared__ typename Reduce::TempStorage storage;
  Pair best(-1, -INFINITY);
  for (int i = threadIdx.x; i < n; i += kThreads)
    if (x[i] > best.value) best = Pair(i, x[i]);
  best = Reduce(storage).Reduce(best, [](const Pair& a, const Pair& b) {
    return b.value > a.value || (b.value == a.value && b.key < a.key) ? b : a;
  });
  if (threadIdx.x == 0) *out = best.key;
}

}  // namespace

void cub_block_reduce(const float* x, float* out, int algorithm) {
  if (algorithm == 0) reduce_kernel<cub::BLOCK_REDUCE_WARP_REDUCTIONS><<<1, kThreads>>>(x, out);
  if (algorithm == 1) reduce_kernel<cub::BLOCK_REDUCE_RAKING><<<1, kThreads>>>(x, out);
  if (algorithm == 2) reduce_kernel<cub::BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY><<<1, kThreads>>>(x, out);
}
void cub_block_scan(const int* x, int* out, int algorithm) {
  if (algorithm == 0) scan_kernel<cub::BLOCK_SCAN_WARP_SCANS><<<1, kThreads>>>(x, out);
  if (algorithm == 1) scan_kernel<cub::BLOCK_SCAN_RAKING><<<1, kThreads>>>(x, out);
  if (algorithm == 2) scan_kernel<cub::BLOCK_SCAN_RAKING_MEMOIZE><<<1, kThreads>>>(x, out);
}
void cub_warp_reduce(const int* x, int* out) { warp_reduce_kernel<<<1, kThreads>>>(x, out); }
void cub_block_sort(int* x) { sort_kernel<<<1, kThreads>>>(x); }
void cub_block_load_store(const int* x, int* out) { load_store_kernel<<<1, kThreads>>>(x, out); }
void cub_block_argmax(const float* x, int n, int* out) { argmax_kernel<<<1, kThreads>>>(x, n, out); }

}  // namespace kernels

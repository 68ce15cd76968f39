// Teams of threads that reduce values to one: a warp, a block, or the threads of a block that stand above
// each other in a grid of `lanes` columns. The order in which values are combined is fixed.
//
// Each has: `size` threads, `count` teams in a block; a thread's rank() in its team, and its team's
// number() in the block. All threads of a block take part in each reduction, and the storage in shared memory
// is free again when it is done.
#pragma once

#include <cub/block/block_reduce.cuh>
#include <cub/util_ptx.cuh>
#include <cub/warp/warp_reduce.cuh>

#include "plugrad/backends/cuda/launch.h"

namespace plugrad::cuda {

// A bound for kernels made of teams; left to itself, the compiler spills registers for more blocks at a time.
inline constexpr int resident_blocks = 2;

// Neighbours in memory belong to one result.
struct WarpTeam {
  static constexpr int size = 32, count = block_threads / size;
  static constexpr bool contiguous = true;
  static __device__ int rank() { return static_cast<int>(threadIdx.x) % size; }
  static __device__ int number() { return static_cast<int>(threadIdx.x) / size; }

  template <class V>
  struct Storage {
    typename cub::WarpReduce<V>::TempStorage warps[count];
  };
  // The result is known to the thread of rank 0 alone.
  template <class V, class Op>
  static __device__ V reduce(Storage<V>& shared, V v, Op op) {
    return cub::WarpReduce<V>(shared.warps[number()]).Reduce(v, op);
  }
  // It is known to all threads of the team.
  template <class V, class Op>
  static __device__ V all_reduce(Storage<V>& shared, V v, Op op) {
    return cub::ShuffleIndex<size>(reduce(shared, v, op), 0, 0xffffffffU);
  }
};

struct BlockTeam {
  static constexpr int size = block_threads, count = 1;
  static constexpr bool contiguous = true;
  static __device__ int rank() { return static_cast<int>(threadIdx.x); }
  static __device__ int number() { return 0; }

  template <class V>
  struct Storage {
    typename cub::BlockReduce<V, size>::TempStorage block;
    V result;
  };
  template <class V, class Op>
  static __device__ V reduce(Storage<V>& shared, V v, Op op) {
    v = cub::BlockReduce<V, size>(shared.block).Reduce(v, op);
    __syncthreads();
    return v;
  }
  template <class V, class Op>
  static __device__ V all_reduce(Storage<V>& shared, V v, Op op) {
    v = cub::BlockReduce<V, size>(shared.block).Reduce(v, op);
    if (rank() == 0) shared.result = v;
    __syncthreads();
    v = shared.result;
    __syncthreads();
    return v;
  }
};

// Neighbours in memory belong to different results.
template <int lanes>
struct ColumnTeam {
  static constexpr int size = block_threads / lanes, count = lanes;
  static constexpr bool contiguous = false;
  static __device__ int rank() { return static_cast<int>(threadIdx.x) / lanes; }
  static __device__ int number() { return static_cast<int>(threadIdx.x) % lanes; }

  template <class V>
  struct Storage {
    V values[size > 1 ? block_threads : 1];
  };
  template <class V, class Op>
  static __device__ V reduce(Storage<V>& shared, V v, Op op) {
    if constexpr (size > 1) {
      v = tree(shared, v, op);
      __syncthreads();
    }
    return v;
  }
  template <class V, class Op>
  static __device__ V all_reduce(Storage<V>& shared, V v, Op op) {
    if constexpr (size > 1) {
      tree(shared, v, op);
      __syncthreads();
      v = shared.values[number()];
      __syncthreads();
    }
    return v;
  }

 private:
  template <class V, class Op>
  static __device__ V tree(Storage<V>& shared, V v, Op op) {
    shared.values[threadIdx.x] = v;
    for (int above = size / 2; above > 0; above /= 2) {
      __syncthreads();
      if (rank() < above) shared.values[threadIdx.x] = v = op(v, shared.values[threadIdx.x + above * lanes]);
    }
    return v;
  }
};

}  // namespace plugrad::cuda

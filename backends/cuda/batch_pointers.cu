#include "plugrad/backends/cuda/batch_pointers.h"

#include "plugrad/backends/cuda/launch.h"

namespace plugrad::cuda {
namespace {

using plugin::ProductAxes;
using plugin::ProductAxis;

// Three arrays of pointers, one behind the other, to elements of `item` bytes.
struct Batch {
  ProductAxis axes[PLUGRAD_MAX_NDIM];  // innermost first
  int ndim = 0, item = 0;
  int64_t count = 0;
  char *a, *b, *c;
  char** pointers;
};

__global__ void __launch_bounds__(block_threads) point_kernel(Batch batch) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x, count = batch.count;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    int64_t rest = i, a = 0, b = 0, c = 0;
    // Unrolled, so that parameters are read by constant addresses.
#pragma unroll
    for (int k = 0; k < PLUGRAD_MAX_NDIM; ++k) {
      if (k == batch.ndim) break;
      const ProductAxis& axis = batch.axes[k];
      const int64_t index = rest % axis.length;
      rest /= axis.length;
      a += index * axis.a;
      b += index * axis.b;
      c += index * axis.c;
    }
    batch.pointers[i] = batch.a + a * batch.item;
    batch.pointers[count + i] = batch.b + b * batch.item;
    batch.pointers[2 * count + i] = batch.c + c * batch.item;
  }
}

}  // namespace

template <class T>
BatchPointers<T> batch_pointers(const plugin::Call& call, const ProductAxes& axes, const T* a, const T* b,
                                T* c) {
  Batch batch;
  batch.ndim = axes.batch_ndim;
  batch.item = sizeof(T);
  batch.count = axes.batch_size(false);
  std::copy_n(axes.batch, axes.batch_ndim, batch.axes);
  batch.a = reinterpret_cast<char*>(const_cast<T*>(a));
  batch.b = reinterpret_cast<char*>(const_cast<T*>(b));
  batch.c = reinterpret_cast<char*>(c);
  batch.pointers = call.workspace<char*>(3 * batch.count);
  launch(call, point_kernel, grid_blocks(batch.count), block_threads, batch);
  const auto part = [&](int i) { return reinterpret_cast<T**>(batch.pointers + i * batch.count); };
  return {part(0), part(1), part(2), batch.count};
}
template BatchPointers<float> batch_pointers(const plugin::Call&, const ProductAxes&, const float*,
                                             const float*, float*);
template BatchPointers<double> batch_pointers(const plugin::Call&, const ProductAxes&, const double*,
                                              const double*, double*);

}  // namespace plugrad::cuda

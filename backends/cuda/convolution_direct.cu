// Convolutions straight from their definition: one thread for each element of y or dx, one block for each of
// dw.
//
//   y[n,o,r,s] = sum over c, i, j of x[n,first+c,r*stride-padding+i*dilation,...] w[o,c,i,j], `first` being
//   the
//     first channel of o's group
//   dx[n,c,r,s]: of dy w over the o, i, j that meet it      dw[o,c,i,j]: of dy x over n and all places
#include <cub/block/block_reduce.cuh>

#include "plugrad/backends/cuda/convolution.h"
#include "plugrad/backends/cuda/launch.h"

namespace plugrad::cuda {

namespace {

// A number's last digit in base `size`, which is removed.
__device__ int64_t take_digit(int64_t& number, int64_t size) {
  const int64_t digit = number % size;
  number /= size;
  return digit;
}

// Element [i, j, k, l] of a compact array.
__device__ int64_t at(int64_t i, int64_t j, int64_t k, int64_t l, int64_t size_j, const int64_t* size) {
  return ((i * size_j + j) * size[0] + k) * size[1] + l;
}

// The numbers again, since std::array is for the host only.
struct Shape {
  int64_t images, channels, filters;
  int64_t group_channels, group_filters;  // of one group
  int64_t x[2], kernel[2], y[2], stride[2], padding[2], dilation[2];

  explicit Shape(const Convolution& g)
      : images(g.images),
        channels(g.channels),
        filters(g.filters),
        group_channels(g.group_channels()),
        group_filters(g.group_filters()) {
    for (size_t i = 0; i < 2; ++i) {
      x[i] = g.x[i];
      kernel[i] = g.kernel[i];
      y[i] = g.y[i];
      stride[i] = g.stride[i];
      padding[i] = g.padding[i];
      dilation[i] = g.dilation[i];
    }
  }
  // Where output place `out` meets tap `k` along an axis; -1 if outside of the image.
  __device__ int64_t input(int axis, int64_t out, int64_t k) const {
    const int64_t in = out * stride[axis] - padding[axis] + k * dilation[axis];
    return in < x[axis] ? max(in, int64_t{-1}) : -1;
  }
  // The output place that meets input place `in` at tap `k`; -1 if there is none.
  __device__ int64_t output(int axis, int64_t in, int64_t k) const {
    const int64_t reach = in + padding[axis] - k * dilation[axis];
    if (reach < 0 || reach % stride[axis] != 0) return -1;
    const int64_t out = reach / stride[axis];
    return out < y[axis] ? out : -1;
  }
};

template <class T>
__global__ void __launch_bounds__(block_threads)
    forward_kernel(Shape g, ConvolutionArrays<T> a, int64_t size) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t index = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; index < size; index += step) {
    int64_t n = index;
    const int64_t column = take_digit(n, g.y[1]), row = take_digit(n, g.y[0]), o = take_digit(n, g.filters);
    const int64_t first = o / g.group_filters * g.group_channels;
    T sum = 0;
    for (int64_t c = 0; c < g.group_channels; ++c)
      for (int64_t i = 0; i < g.kernel[0]; ++i) {
        const int64_t x_row = g.input(0, row, i);
        if (x_row < 0) continue;
        for (int64_t j = 0; j < g.kernel[1]; ++j) {
          const int64_t x_column = g.input(1, column, j);
          if (x_column >= 0)
            sum += a.x[at(n, first + c, x_row, x_column, g.channels, g.x)] *
                   a.w[at(o, c, i, j, g.group_channels, g.kernel)];
        }
      }
    a.y[index] = sum;
  }
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    input_gradient_kernel(Shape g, ConvolutionArrays<T> a, int64_t size) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t index = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; index < size; index += step) {
    int64_t n = index;
    const int64_t column = take_digit(n, g.x[1]), row = take_digit(n, g.x[0]), c = take_digit(n, g.channels);
    const int64_t group = c / g.group_channels, first = group * g.group_filters;
    T sum = 0;
    for (int64_t o = first; o < first + g.group_filters; ++o)
      for (int64_t i = 0; i < g.kernel[0]; ++i) {
        const int64_t y_row = g.output(0, row, i);
        if (y_row < 0) continue;
        for (int64_t j = 0; j < g.kernel[1]; ++j) {
          const int64_t y_column = g.output(1, column, j);
          if (y_column >= 0)
            sum += a.y[at(n, o, y_row, y_column, g.filters, g.y)] *
                   a.w[at(o, c - group * g.group_channels, i, j, g.group_channels, g.kernel)];
        }
      }
    a.x[index] = sum;
  }
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    weight_gradient_kernel(Shape g, ConvolutionArrays<T> a, int64_t size) {
  using Reduce = cub::BlockReduce<T, block_threads>;
  __shared__ typename Reduce::TempStorage storage;
  const int64_t places = g.images * g.y[0] * g.y[1];
  for (int64_t index = blockIdx.x; index < size; index += gridDim.x) {
    int64_t o = index;
    const int64_t j = take_digit(o, g.kernel[1]), i = take_digit(o, g.kernel[0]),
                  c = take_digit(o, g.group_channels), channel = o / g.group_filters * g.group_channels + c;
    T sum = 0;
    for (int64_t place = threadIdx.x; place < places; place += block_threads) {
      int64_t n = place;
      const int64_t column = take_digit(n, g.y[1]), row = take_digit(n, g.y[0]);
      const int64_t x_row = g.input(0, row, i), x_column = g.input(1, column, j);
      if (x_row >= 0 && x_column >= 0)
        sum += a.y[at(n, o, row, column, g.filters, g.y)] *
               a.x[at(n, channel, x_row, x_column, g.channels, g.x)];
    }
    sum = Reduce(storage).Sum(sum);
    if (threadIdx.x == 0) a.w[index] = sum;
    __syncthreads();  // the next element uses the storage again
  }
}

}  // namespace

template <class T>
void convolve_directly(const plugin::Call& c, Direction direction, const Convolution& g,
                       const ConvolutionArrays<T>& arrays) {
  const Shape shape(g);
  switch (direction) {
    case Direction::forward:
      return launch(c, forward_kernel<T>, grid_blocks(g.y_size()), block_threads, shape, arrays, g.y_size());
    case Direction::input_gradient:
      return launch(c, input_gradient_kernel<T>, grid_blocks(g.x_size()), block_threads, shape, arrays,
                    g.x_size());
    case Direction::weight_gradient:
      return launch(c, weight_gradient_kernel<T>, grid_blocks(g.w_size() * block_threads), block_threads,
                    shape, arrays, g.w_size());
  }
}

template void convolve_directly(const plugin::Call&, Direction, const Convolution&,
                                const ConvolutionArrays<float>&);
template void convolve_directly(const plugin::Call&, Direction, const Convolution&,
                                const ConvolutionArrays<double>&);

}  // namespace plugrad::cuda

#include "plugrad/backends/cuda/convolution.h"

#include "plugrad/backends/cuda/status.h"
#include "plugrad/backends/cuda/streams.h"

namespace plugrad::cuda {

namespace {

template <class T>
void fill_zero(const plugin::Call& c, Direction direction, const Convolution& g,
               const ConvolutionArrays<T>& arrays) {
  const auto fill = [&](T* data, int64_t size) {
    if (size > 0)
      check(cudaMemsetAsync(data, 0, static_cast<size_t>(size) * sizeof(T), stream(c)), "cudaMemsetAsync");
  };
  if (direction == Direction::forward) fill(arrays.y, g.y_size());
  if (direction == Direction::input_gradient) fill(arrays.x, g.x_size());
  if (direction == Direction::weight_gradient) fill(arrays.w, g.w_size());
}

}  // namespace

template <class T>
void convolve(const plugin::Call& c, Direction direction, const Convolution& g,
              const ConvolutionArrays<T>& arrays) {
  if (g.empty()) return fill_zero(c, direction, g, arrays);
  if (!convolve_with_cudnn(c, direction, g, arrays)) convolve_directly(c, direction, g, arrays);
}

template void convolve(const plugin::Call&, Direction, const Convolution&, const ConvolutionArrays<float>&);
template void convolve(const plugin::Call&, Direction, const Convolution&, const ConvolutionArrays<double>&);

}  // namespace plugrad::cuda

// conv2d: y[n,o,row,column] = sum over c, i, j of x[n,c,row*stride-padding+i*dilation,...] w[o,c,i,j]
//   dx: of each product the part dy w, dw: the part dy x
#include "plugrad/backends/cuda/compact.h"
#include "plugrad/backends/cuda/convolution.h"
#include "plugrad/backends/cuda/status.h"
#include "plugrad/backends/cuda/streams.h"

namespace plugrad::cuda {
namespace {

using plugin::Call;
using plugin::Type;

std::array<int64_t, 2> pair(const int64_t* values) { return {values[0], values[1]}; }

Convolution convolution(const Call& c, const DLTensor& x, const DLTensor& w, const DLTensor& y) {
  return {.images = x.shape[0],
          .channels = x.shape[1],
          .filters = w.shape[0],
          .x = pair(x.shape + 2),
          .kernel = pair(w.shape + 2),
          .y = pair(y.shape + 2),
          .stride = pair(c.integers(0)),
          .padding = pair(c.integers(1)),
          .dilation = pair(c.integers(2))};
}

// Writes `result`, which is one of the arrays. Sums without terms are zero.
template <class T>
void convolve(const Call& c, Direction direction, const Convolution& g, const ConvolutionArrays<T>& arrays,
              const DLTensor& result) {
  const int64_t size = plugin::size(result);
  if (size == 0) return;
  if (g.x_size() == 0 || g.w_size() == 0 || g.y_size() == 0) {
    check(cudaMemsetAsync(plugin::data<T>(result), 0, static_cast<size_t>(size) * sizeof(T), stream(c)),
          "cudaMemsetAsync");
  } else if (!convolve_with_cudnn(c, direction, g, arrays)) {
    convolve_directly(c, direction, g, arrays);
  }
}

// The elements of an input without gaps; arrays of a convolution that is written to another one are only
// read.
template <class T>
T* input(const Call& c, const DLTensor& t) {
  return const_cast<T*>(compact<T>(c, t));
}

void conv2d(const Call& c) {
  plugin::with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const DLTensor &x = c.in(0), &w = c.in(1), &y = c.out();
    convolve<T>(c, Direction::forward, convolution(c, x, w, y),
                {input<T>(c, x), input<T>(c, w), plugin::data<T>(y)}, y);
  });
}

void conv2d_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    T* dy = input<T>(c, c.dout());
    if (c.wants(0)) {
      const DLTensor &dx = c.din(0), &w = c.in(1);
      convolve<T>(c, Direction::input_gradient, convolution(c, dx, w, c.dout()),
                  {plugin::data<T>(dx), input<T>(c, w), dy}, dx);
    }
    if (c.wants(1)) {
      const DLTensor &x = c.in(0), &dw = c.din(1);
      convolve<T>(c, Direction::weight_gradient, convolution(c, x, dw, c.dout()),
                  {input<T>(c, x), plugin::data<T>(dw), dy}, dw);
    }
  });
}

PLUGRAD_KERNELS(conv2d, conv2d, conv2d_gradient);

}  // namespace
}  // namespace plugrad::cuda

// conv2d, image by image, with P the matrix of the patches of an image [c kh kw, oh ow] and W the filters
// [o, c kh kw]: y = W P.   dx: the columns of W^T dy added back to the pixels they came from; dW = sum of dy
// P^T
#include "plugrad/backends/cpu/gemm.h"
#include "plugrad/backends/cpu/im2col.h"
#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

Convolution convolution(const Call& c, const int64_t* x, const int64_t* w, const int64_t* y) {
  const int64_t *stride = c.integers(0), *padding = c.integers(1), *dilation = c.integers(2);
  return {.channels = x[1],
          .h = x[2],
          .w = x[3],
          .filters = w[0],
          .kernel_h = w[2],
          .kernel_w = w[3],
          .oh = y[2],
          .ow = y[3],
          .stride_h = stride[0],
          .stride_w = stride[1],
          .padding_h = padding[0],
          .padding_w = padding[1],
          .dilation_h = dilation[0],
          .dilation_w = dilation[1]};
}

template <class T>
Matrix<T> matrix(T* data, int64_t rows, int64_t columns) {
  return {data, rows, columns, columns, 1};
}

// The operands of one call, compact, and room for the patches of one image.
template <class T>
struct Images {
  const Convolution g;
  const int64_t n, x_size = g.channels * g.h * g.w, y_size = g.filters * g.pixels();
  T* columns;
  Scratch scratch;
  const int threads;

  Images(const Call& c, const DLTensor& x, const DLTensor& w, const DLTensor& y)
      : g(convolution(c, x.shape, w.shape, y.shape)),
        n(x.shape[0]),
        columns(c.workspace<T>(g.patch() * g.pixels())),
        scratch(c),
        threads(c.threads()) {}
  void multiply(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c,
                bool accumulate = false) {
    cpu::multiply<T>({a, b, c, accumulate}, scratch, threads);
  }
};

void conv2d(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    Images<T> images(c, c.in(0), c.in(1), c.out());
    const Convolution& g = images.g;
    const T *x = compact<T>(c, c.in(0)), *w = compact<T>(c, c.in(1));
    T* y = data<T>(c.out());
    for (int64_t i = 0; i < images.n; ++i) {
      image_to_columns(g, x + i * images.x_size, images.columns);
      images.multiply(matrix(w, g.filters, g.patch()), matrix<const T>(images.columns, g.patch(), g.pixels()),
                      matrix(y + i * images.y_size, g.filters, g.pixels()));
    }
  });
}

template <class T>
void input_gradient(const Call& c, const T* dy) {
  Images<T> images(c, c.din(0), c.in(1), c.dout());
  const Convolution& g = images.g;
  const T* w = compact<T>(c, c.in(1));
  T* dx = data<T>(c.din(0));
  std::fill_n(dx, images.n * images.x_size, T{});
  for (int64_t i = 0; i < images.n; ++i) {
    images.multiply(matrix(w, g.filters, g.patch()).transposed(),
                    matrix(dy + i * images.y_size, g.filters, g.pixels()),
                    matrix(images.columns, g.patch(), g.pixels()));
    add_columns_to_image(g, images.columns, dx + i * images.x_size);
  }
}

template <class T>
void weight_gradient(const Call& c, const T* dy) {
  Images<T> images(c, c.in(0), c.din(1), c.dout());
  const Convolution& g = images.g;
  const T* x = compact<T>(c, c.in(0));
  T* dw = data<T>(c.din(1));
  if (images.n == 0) std::fill_n(dw, size(c.din(1)), T{});
  for (int64_t i = 0; i < images.n; ++i) {
    image_to_columns(g, x + i * images.x_size, images.columns);
    images.multiply(matrix(dy + i * images.y_size, g.filters, g.pixels()),
                    matrix<const T>(images.columns, g.patch(), g.pixels()).transposed(),
                    matrix(dw, g.filters, g.patch()), i > 0);
  }
}

void conv2d_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T* dy = compact<T>(c, c.dout());
    if (c.wants(0)) input_gradient(c, dy);
    if (c.wants(1)) weight_gradient(c, dy);
  });
}

PLUGRAD_KERNELS(conv2d, conv2d, conv2d_gradient);

}  // namespace
}  // namespace plugrad::cpu

// The maximum, and the mean, of each window of images.
//
//   max:  y = max of the window    dx = the sum of dy over the windows whose first maximum the pixel is
//   mean: y = sum of the window / its size, with its padding or without
//     dx = the sum of dy / size over the windows that the pixel is in
//
// The first maximum in row-major order; NaN counts as the largest number, and as equal to NaN. A thread of a
// gradient works on a pixel and visits the windows that have it, so that the order of each sum is fixed.
#include <limits>
#include <string>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

template <class T>
constexpr T lowest = -std::numeric_limits<T>::infinity();
template <class T>
__device__ bool same(T x, T y) {
  return x == y || (x != x && y != y);
}

// Along one of the two axes.
struct Windows {
  int64_t length;  // of the image
  int64_t count, kernel, stride, padding;

  __device__ int64_t first_pixel(int64_t window) const { return max(window * stride - padding, int64_t{0}); }
  __device__ int64_t end_pixel(int64_t window) const {
    return min(window * stride - padding + kernel, length);
  }
  // The windows that have a pixel.
  __device__ int64_t first_window(int64_t pixel) const {
    const int64_t before = pixel + padding - kernel;
    return before < 0 ? 0 : before / stride + 1;
  }
  __device__ int64_t end_window(int64_t pixel) const { return min((pixel + padding) / stride + 1, count); }
  // How many elements of a window are the image's.
  __device__ int64_t inside(int64_t window) const { return end_pixel(window) - first_pixel(window); }
};

template <class T>
struct Images {
  T* data;
  int64_t strides[4];

  __device__ Images plane(int64_t image, int64_t channel) const {
    Images p = *this;
    p.data += image * strides[0] + channel * strides[1];
    return p;
  }
  __device__ T& at(int64_t row, int64_t column) const { return data[row * strides[2] + column * strides[3]]; }
};

template <class T>
Images<T> images(const DLTensor& t) {
  return {plugin::data<T>(t), {t.strides[0], t.strides[1], t.strides[2], t.strides[3]}};
}

// The thread's place among the elements of compact images.
struct Place {
  uint32_t image, channel, row, column;
};
class Places {
 public:
  Places(int64_t images, int64_t channels, int64_t rows, int64_t columns)
      : size(static_cast<uint32_t>(images * channels * rows * columns)),
        channels_(static_cast<uint32_t>(channels)),
        rows_(static_cast<uint32_t>(rows)),
        columns_(static_cast<uint32_t>(columns)) {}
  __device__ Place operator[](uint32_t i) const {
    Place p;
    p.column = i;
    p.row = columns_.split(p.column);
    p.channel = rows_.split(p.row);
    p.image = channels_.split(p.channel);
    return p;
  }
  uint32_t size;

 private:
  Divisor channels_, rows_, columns_;
};

template <class T>
__global__ void __launch_bounds__(block_threads)
    pool_kernel(Places places, Windows v, Windows h, Images<const T> x, T* y) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < places.size; i += step) {
    const Place p = places[i];
    const Images<const T> plane = x.plane(p.image, p.channel);
    const int64_t bottom = v.end_pixel(p.row), left = h.first_pixel(p.column), right = h.end_pixel(p.column);
    T best = lowest<T>;
    for (int64_t row = v.first_pixel(p.row); row < bottom; ++row)
      for (int64_t column = left; column < right; ++column) {
        const T value = plane.at(row, column);
        if (value > best || value != value) best = value;
      }
    y[i] = best;
  }
}

// Is there no element equal to the window's maximum `best` before (row, column)?
template <class T>
__device__ bool is_first(const Images<const T>& x, const Windows& v, const Windows& h, const Place& window,
                         int64_t row, int64_t column, T best) {
  const int64_t left = h.first_pixel(window.column), right = h.end_pixel(window.column);
  for (int64_t r = v.first_pixel(window.row); r <= row; ++r)
    for (int64_t c = left, end = r == row ? column : right; c < end; ++c)
      if (same(x.at(r, c), best)) return false;
  return true;
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    pool_gradient_kernel(Places places, Windows v, Windows h, Images<const T> x, Images<const T> y,
                         Images<const T> dy, T* dx) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < places.size; i += step) {
    const Place p = places[i];
    const Images<const T> x_plane = x.plane(p.image, p.channel), y_plane = y.plane(p.image, p.channel),
                          dy_plane = dy.plane(p.image, p.channel);
    const T value = x_plane.at(p.row, p.column);
    const int64_t bottom = v.end_window(p.row), left = h.first_window(p.column),
                  right = h.end_window(p.column);
    T sum = 0;
    for (int64_t row = v.first_window(p.row); row < bottom; ++row)
      for (int64_t column = left; column < right; ++column) {
        const Place window{p.image, p.channel, static_cast<uint32_t>(row), static_cast<uint32_t>(column)};
        if (same(value, y_plane.at(row, column)) && is_first(x_plane, v, h, window, p.row, p.column, value))
          sum += dy_plane.at(row, column);
      }
    dx[i] = sum;
  }
}

// How many elements the mean of a window is over.
__device__ int64_t window_size(const Windows& v, const Windows& h, int64_t row, int64_t column,
                               bool count_include_pad) {
  return count_include_pad ? v.kernel * h.kernel : v.inside(row) * h.inside(column);
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    mean_kernel(Places places, Windows v, Windows h, bool count_include_pad, Images<const T> x, T* y) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < places.size; i += step) {
    const Place p = places[i];
    const Images<const T> plane = x.plane(p.image, p.channel);
    const int64_t bottom = v.end_pixel(p.row), left = h.first_pixel(p.column), right = h.end_pixel(p.column);
    T sum = 0;
    for (int64_t row = v.first_pixel(p.row); row < bottom; ++row)
      for (int64_t column = left; column < right; ++column) sum += plane.at(row, column);
    y[i] = sum / static_cast<T>(window_size(v, h, p.row, p.column, count_include_pad));
  }
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    mean_gradient_kernel(Places places, Windows v, Windows h, bool count_include_pad, Images<const T> dy,
                         T* dx) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < places.size; i += step) {
    const Place p = places[i];
    const Images<const T> plane = dy.plane(p.image, p.channel);
    const int64_t bottom = v.end_window(p.row), left = h.first_window(p.column),
                  right = h.end_window(p.column);
    T sum = 0;
    for (int64_t row = v.first_window(p.row); row < bottom; ++row)
      for (int64_t column = left; column < right; ++column)
        sum += plane.at(row, column) / static_cast<T>(window_size(v, h, row, column, count_include_pad));
    dx[i] = sum;
  }
}

Windows windows(const Call& c, const DLTensor& x, const DLTensor& y, int axis) {
  return {x.shape[2 + axis], y.shape[2 + axis], c.integers(0)[axis], c.integers(1)[axis],
          c.integers(2)[axis]};
}

// Calls f(first image, places in some images) for all images of t, which have fewer than most_elements.
template <class F>
void for_each_images(const DLTensor& t, F&& f) {
  const int64_t *shape = t.shape, image = shape[1] * shape[2] * shape[3];
  if (image == 0) return;
  if (image >= most_elements)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE,
                          "images of " + std::to_string(image) + " elements are too large for this backend");
  const int64_t most = (most_elements - 1) / image;
  for (int64_t first = 0; first < shape[0]; first += most)
    f(first, Places(std::min(most, shape[0] - first), shape[1], shape[2], shape[3]));
}

template <class T>
Images<const T> images_from(const DLTensor& t, int64_t first) {
  Images<const T> all = images<const T>(t);
  all.data += first * all.strides[0];
  return all;
}

void max_pool2d(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  with_floating(y.dtype, [&]<class T>(Type<T>) {
    for_each_images(y, [&](int64_t first, const Places& places) {
      launch(c, pool_kernel<T>, grid_blocks(places.size), block_threads, places, windows(c, x, y, 0),
             windows(c, x, y, 1), images_from<T>(x, first), plugin::data<T>(y) + first * y.strides[0]);
    });
  });
}

void max_pool2d_gradient(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out(), &dx = c.din(0);
  with_floating(dx.dtype, [&]<class T>(Type<T>) {
    for_each_images(dx, [&](int64_t first, const Places& places) {
      launch(c, pool_gradient_kernel<T>, grid_blocks(places.size), block_threads, places, windows(c, x, y, 0),
             windows(c, x, y, 1), images_from<T>(x, first), images_from<T>(y, first),
             images_from<T>(c.dout(), first), plugin::data<T>(dx) + first * dx.strides[0]);
    });
  });
}

void avg_pool2d(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  with_floating(y.dtype, [&]<class T>(Type<T>) {
    for_each_images(y, [&](int64_t first, const Places& places) {
      launch(c, mean_kernel<T>, grid_blocks(places.size), block_threads, places, windows(c, x, y, 0),
             windows(c, x, y, 1), c.integer(3) != 0, images_from<T>(x, first),
             plugin::data<T>(y) + first * y.strides[0]);
    });
  });
}

void avg_pool2d_gradient(const Call& c) {
  const DLTensor &dy = c.dout(), &dx = c.din(0);
  with_floating(dx.dtype, [&]<class T>(Type<T>) {
    for_each_images(dx, [&](int64_t first, const Places& places) {
      launch(c, mean_gradient_kernel<T>, grid_blocks(places.size), block_threads, places,
             windows(c, dx, dy, 0), windows(c, dx, dy, 1), c.integer(3) != 0, images_from<T>(dy, first),
             plugin::data<T>(dx) + first * dx.strides[0]);
    });
  });
}

PLUGRAD_KERNELS(max_pool2d, max_pool2d, max_pool2d_gradient);
PLUGRAD_KERNELS(avg_pool2d, avg_pool2d, avg_pool2d_gradient);

}  // namespace
}  // namespace plugrad::cuda

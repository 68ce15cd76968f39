// diagonal_backward: zeros, with x along diagonal k of two axes.   tril, triu: x on one side of diagonal k,
// zeros on the other   (gradients: compositions)
#include <algorithm>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

// The places of x's elements in y, and x.
Arrays<2> along_diagonal(const DLTensor& y, const DLTensor& x, int axis1, int axis2, int64_t k) {
  Arrays<2> a = arrays_of(x, x);
  int axis = 0;
  for (int i = 0; i < y.ndim; ++i)
    if (i != axis1 && i != axis2) a.strides[0][axis++] = y.strides[i];
  a.strides[0][axis] = y.strides[axis1] + y.strides[axis2];
  a.data[0] = plugin::data<char>(y) + (k < 0 ? -k * y.strides[axis1] : k * y.strides[axis2]) * a.item[0];
  return a;
}

void diagonal_backward(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  const int64_t bytes = plugin::size(y) * (y.dtype.bits / 8);
  if (bytes == 0) return;
  check(cudaMemsetAsync(plugin::data<char>(y), 0, static_cast<size_t>(bytes), stream(c)), "cudaMemsetAsync");
  if (plugin::size(x) == 0) return;  // a diagonal of no elements may begin outside
  const auto axis = [&](int i) {
    return static_cast<int>(c.integer(i) < 0 ? c.integer(i) + y.ndim : c.integer(i));
  };
  const Arrays<2> places = along_diagonal(y, x, axis(2), axis(3), c.integer(1));
  with_bits(y.dtype, [&]<class T>(Type<T>) { map_arrays<T, T>(c, places, Identity{}); });
}

// Which elements are taken of matrices, or of parts of them: those below diagonal k and on it, or above.
struct Triangle {
  int64_t k = 0;
  bool lower = true;
  __device__ bool takes(int64_t row, int64_t column) const {
    return lower ? column - row <= k : column - row >= k;
  }
};

template <int width, class T>
__global__ void __launch_bounds__(block_threads)
    triangle_kernel(Layout<2> layout, Divisor rows, Divisor columns, Triangle triangle) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t pack = blockIdx.x * blockDim.x + threadIdx.x; pack < layout.packs; pack += step) {
    uint32_t column = pack * width, row = columns.split(column);
    rows.split(row);
    int64_t offset[2];
    layout.locate(pack, offset);
    const bool any = triangle.takes(row, column) || triangle.takes(row, column + width - 1);
    Pack<T, width> values = {};
    if (any)
      values = load<width>(static_cast<const T*>(layout.data[1]) + offset[1], layout.repeats[1], width);
    for (int i = 0; i < width; ++i)
      if (!triangle.takes(row, column + i)) values.element[i] = T{};
    store(static_cast<T*>(layout.data[0]) + offset[0], values, width);
  }
}

// Calls f with parts that hold fewer than most_elements each; in a part of a matrix its diagonals have other
// numbers.
template <class F>
void for_each_part(const Arrays<2>& a, const Triangle& triangle, F&& f) {
  if (a.size() < most_elements) return f(a, triangle);
  const int longest = static_cast<int>(std::max_element(a.shape, a.shape + a.ndim) - a.shape);
  Arrays<2> first = a, second = a;
  Triangle shifted = triangle;
  const int64_t half = a.shape[longest] / 2;
  first.shape[longest] = half;
  second.shape[longest] -= half;
  for (int k = 0; k < 2; ++k) second.data[k] += half * a.strides[k][longest] * a.item[k];
  if (longest == a.ndim - 2) shifted.k += half;
  if (longest == a.ndim - 1) shifted.k -= half;
  for_each_part(first, triangle, f);
  for_each_part(second, shifted, f);
}

template <class T>
void take_triangle(const Call& c, const Arrays<2>& arrays, const Triangle& whole) {
  constexpr int width = 16 / sizeof(T);
  for_each_part(arrays, whole, [&](const Arrays<2>& part, const Triangle& triangle) {
    const int64_t rows = part.shape[part.ndim - 2], columns = part.shape[part.ndim - 1];
    const auto run = [&](auto kernel, int packed) {
      const Layout<2> layout = layout_of(merged(part), packed);
      launch(c, kernel, grid_blocks(layout.packs), block_threads, layout,
             Divisor(static_cast<uint32_t>(rows)), Divisor(static_cast<uint32_t>(columns)), triangle);
    };
    if (columns % width == 0 && packs_fit(merged(part), width)) run(triangle_kernel<width, T>, width);
    else run(triangle_kernel<1, T>, 1);
  });
}

void take_triangle(const Call& c, bool lower) {
  const DLTensor &x = c.in(0), &y = c.out();
  if (plugin::size(y) == 0) return;
  // Beyond, nothing changes; and the numbers of diagonals stay far from overflow.
  const int64_t k = std::clamp(c.integer(0), -y.shape[y.ndim - 2], y.shape[y.ndim - 1]);
  with_bits(y.dtype, [&]<class T>(Type<T>) { take_triangle<T>(c, arrays_of(y, x), {k, lower}); });
}

void tril(const Call& c) { take_triangle(c, true); }
void triu(const Call& c) { take_triangle(c, false); }

PLUGRAD_FORWARD(diagonal_backward, diagonal_backward);
PLUGRAD_FORWARD(tril, tril);
PLUGRAD_FORWARD(triu, triu);

}  // namespace
}  // namespace plugrad::cuda

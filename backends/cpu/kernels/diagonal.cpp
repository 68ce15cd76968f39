// diagonal_backward: zeros, with x along diagonal k of two axes.   tril, triu: x on one side of diagonal k,
// zeros on the other
#include <algorithm>

#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

// Elements are only moved: three types serve all dtypes.
template <class F>
void with_bits(DLDataType d, F&& f) {
  if (d.bits == 8) return f(plugin::Type<uint8_t>{});
  if (d.bits == 32) return f(plugin::Type<uint32_t>{});
  if (d.bits == 64) return f(plugin::Type<uint64_t>{});
  throw plugin::Failure(PLUGRAD_BAD_DTYPE, "this backend has no kernel for the dtype");
}

// x's elements, and their places in y.
Walk<2> along_diagonal(const DLTensor& x, const DLTensor& y, int axis1, int axis2) {
  Walk<2> walk;
  int k = 0;
  for (int i = 0; i < y.ndim; ++i) {
    if (i == axis1 || i == axis2) continue;
    walk.push(x.shape[k], {x.strides[k], y.strides[i]});
    ++k;
  }
  walk.push(x.shape[k], {x.strides[k], y.strides[axis1] + y.strides[axis2]});
  walk.finish();
  return walk;
}

void diagonal_backward(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  const auto axis = [&](int i) {
    return static_cast<int>(c.integer(i) < 0 ? c.integer(i) + y.ndim : c.integer(i));
  };
  const int axis1 = axis(2), axis2 = axis(3);
  const int64_t k = c.integer(1), first = k < 0 ? -k * y.strides[axis1] : k * y.strides[axis2];
  with_bits(y.dtype, [&]<class T>(plugin::Type<T>) {
    T* to = data<T>(y);
    parallel_for(c.threads(), size(y), light_grain,
                 [&](int64_t begin, int64_t end) { std::fill(to + begin, to + end, T{}); });
    if (size(x) == 0) return;  // a diagonal of no elements may begin outside
    const Walk<2> walk = along_diagonal(x, y, axis1, axis2);
    parallel_for(c.threads(), walk.size() / walk.run(), light_grain / walk.run() + 1,
                 [&](int64_t begin, int64_t end) {
                   Cursor<2> at(walk, walk.ndim - 1, begin);
                   for (int64_t i = begin; i < end; ++i, at.next())
                     for (int64_t j = 0; j < walk.run(); ++j)
                       to[first + at.offset(1) + j * walk.inner(1)] =
                           data<const T>(x)[at.offset(0) + j * walk.inner(0)];
                 });
  });
}

// Which columns of a row are x's: [begin, end).
struct Columns {
  int64_t begin, end;
};
Columns lower(int64_t row, int64_t columns, int64_t k) {
  return {0, std::clamp<int64_t>(row + k + 1, 0, columns)};
}
Columns upper(int64_t row, int64_t columns, int64_t k) {
  return {std::clamp<int64_t>(row + k, 0, columns), columns};
}

// x as it is, and then zeros over what is not in `part`: a transposed x is read in tiles that way.
void take_triangle(const Call& c, Columns (*part)(int64_t row, int64_t columns, int64_t k)) {
  const DLTensor &x = c.in(0), &y = c.out();
  if (size(y) == 0) return;
  const int64_t rows = y.shape[y.ndim - 2], columns = y.shape[y.ndim - 1];
  const int64_t k = std::clamp(c.integer(0), -rows, columns);  // beyond, nothing changes
  with_bits(y.dtype, [&]<class T>(plugin::Type<T>) {
    T* to = data<T>(y);
    copy_to_compact(to, static_cast<const T*>(data<T>(x)), walk_over(x), c.threads());
    parallel_for(c.threads(), size(y) / columns, light_grain / columns + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Columns taken = part(i % rows, columns, k);
        T* row = to + i * columns;
        std::fill(row, row + taken.begin, T{});
        std::fill(row + taken.end, row + columns, T{});
      }
    });
  });
}

void tril(const Call& c) { take_triangle(c, lower); }
void triu(const Call& c) { take_triangle(c, upper); }

PLUGRAD_FORWARD(diagonal_backward, diagonal_backward);
PLUGRAD_FORWARD(tril, tril);
PLUGRAD_FORWARD(triu, triu);

}  // namespace
}  // namespace plugrad::cpu

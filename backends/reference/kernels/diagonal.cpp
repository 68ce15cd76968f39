// Diagonals and triangles of matrices. Diagonal k holds the elements [i, i + k].
//
//   diagonal_backward   dx = 0, dx's diagonal = dy            its own gradient is the diagonal    (no kernel)
//   tril                y[i,j] = x[i,j] where j - i <= k      dx = tril(dy)                       (no kernel)
//   triu                y[i,j] = x[i,j] where j - i >= k      dx = triu(dy)                       (no kernel)
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

// The elements of x with the index of axis1 and axis2 fixed; the other axes are left.
template <class T>
View<T> at(const View<T>& x, int axis1, int64_t i, int axis2, int64_t j) {
  return axis1 > axis2 ? x.at(axis1, i).at(axis2, j) : x.at(axis2, j).at(axis1, i);
}

void diagonal_backward(const Call& c) {
  const DLTensor &dy = c.in(0), &dx = c.out();
  const int axis1 = axis_attribute(c, 2, dx), axis2 = axis_attribute(c, 3, dx), last = dy.ndim - 1;
  const int64_t k = c.integer(1), row = std::max<int64_t>(-k, 0), column = std::max<int64_t>(k, 0);
  with_any(dx.dtype, [&]<class T>(Type<T>) {
    fill(dx, T(0));
    for (int64_t i = 0; i < dy.shape[last]; ++i)
      for_each([](T& d, T value) { d = value; }, at(view<T>(dx), axis1, row + i, axis2, column + i),
               view<const T>(dy).at(last, i));
  });
}

// Takes the elements [i, j] of x for which `takes(j - i, k)`.
void take_part(const Call& c, bool (*takes)(int64_t diagonal, int64_t k)) {
  const DLTensor& x = c.in(0);
  const int rows = x.ndim - 2, columns = x.ndim - 1;
  with_any(x.dtype, [&]<class T>(Type<T>) {
    fill(c.out(), T(0));
    for (int64_t i = 0; i < x.shape[rows]; ++i)
      for (int64_t j = 0; j < x.shape[columns]; ++j)
        if (takes(j - i, c.integer(0)))
          for_each([](T& y, T value) { y = value; }, at(view<T>(c.out()), rows, i, columns, j),
                   at(view<const T>(x), rows, i, columns, j));
  });
}

void tril(const Call& c) {
  take_part(c, [](int64_t diagonal, int64_t k) { return diagonal <= k; });
}
void triu(const Call& c) {
  take_part(c, [](int64_t diagonal, int64_t k) { return diagonal >= k; });
}

PLUGRAD_FORWARD(diagonal_backward, diagonal_backward);
PLUGRAD_FORWARD(tril, tril);
PLUGRAD_FORWARD(triu, triu);

}  // namespace
}  // namespace plugrad::reference

// What a product of matrices, or of whole batches of them, comes down to: a few axes, and how three arrays
// lie along them. One description serves the product, both of its gradients, and sums over batches.
#pragma once

#include <utility>

#include "plugrad/core/plugin.hpp"

namespace plugrad::plugin {

// An axis, and how far apart, in elements, its neighbours are in each array: 0 where they are the same
// element.
struct ProductAxis {
  int64_t length = 1, a = 0, b = 0, c = 0;
};

// c[m, n] = sum over k of a[m, k] b[k, n], for every index of the batch. Batch axes along which c does not
// move are summed over as k is. Along the others c's elements are apart, and c as a whole is without gaps.
struct ProductAxes {
  ProductAxis m, n, k;
  ProductAxis batch[PLUGRAD_MAX_NDIM];  // innermost first
  int batch_ndim = 0;

  // How many elements c has, and how many products each of them is the sum of.
  int64_t size() const { return m.length * n.length * batch_size(false); }
  int64_t terms() const { return k.length * batch_size(true); }
  int64_t batch_size(bool summed) const {
    int64_t size = 1;
    for (int i = 0; i < batch_ndim; ++i)
      if ((batch[i].c == 0) == summed) size *= batch[i].length;
    return size;
  }
};

// The same for each axis after f.
template <class F>
ProductAxes transformed(const ProductAxes& p, F f) {
  ProductAxes q = p;
  for (ProductAxis* axis : {&q.m, &q.n, &q.k}) *axis = f(*axis);
  for (int i = 0; i < q.batch_ndim; ++i) q.batch[i] = f(q.batch[i]);
  return q;
}

// The arrays in other parts. For z = x y, with a = x, b = y and c = z:
// x += z y^T, with a = z, b = y, c = x;
inline ProductAxes gradient_in_a(const ProductAxes& p) {
  ProductAxes q = transformed(p, [](const ProductAxis& x) { return ProductAxis{x.length, x.c, x.b, x.a}; });
  std::swap(q.n, q.k);
  return q;
}
// y += x^T z, with a = x, b = z, c = y;
inline ProductAxes gradient_in_b(const ProductAxes& p) {
  ProductAxes q = transformed(p, [](const ProductAxis& x) { return ProductAxis{x.length, x.a, x.c, x.b}; });
  std::swap(q.m, q.k);
  return q;
}
// z^T = y^T x^T, with a = y, b = x, c = z.
inline ProductAxes transposed(const ProductAxes& p) {
  ProductAxes q = transformed(p, [](const ProductAxis& x) { return ProductAxis{x.length, x.b, x.a, x.c}; });
  std::swap(q.m, q.n);
  return q;
}

namespace detail {

// The stride of `t` along axis i of a batch of `ndim` axes, of which it may lack some; `own` is how many it
// has.
inline int64_t batch_stride(const DLTensor& t, int own, int i, int ndim) {
  const int axis = i - (ndim - own);
  return axis < 0 || t.shape[axis] == 1 ? 0 : t.strides[axis];
}

// Makes `outer` a part of `inner`: all of it, where that has only one element and `may_replace` says so, or
// more of the same, where all arrays go on along `outer` where `inner` ends.
inline bool join(ProductAxis& inner, const ProductAxis& outer, bool may_replace) {
  const int64_t n = inner.length;
  if (n == 1) {
    if (may_replace) inner = outer;
    return may_replace;
  }
  const bool goes_on = outer.a == n * inner.a && outer.b == n * inner.b && outer.c == n * inner.c;
  if (goes_on) inner.length *= outer.length;
  return goes_on;
}

// Makes a batch axis a part of the matrices. Of those of c, the rows or the columns stay dense.
inline bool join_matrices(ProductAxes& p, const ProductAxis& axis) {
  const auto dense = [&axis](const ProductAxis& other) {
    return axis.c == 1 || other.length == 1 || other.c == 1;
  };
  const bool summed = axis.c == 0;
  return join(p.n, axis, !summed && axis.a == 0 && dense(p.m)) ||
         join(p.m, axis, !summed && axis.b == 0 && dense(p.n)) || join(p.k, axis, summed);
}

}  // namespace detail

// The axes of z = x y by the rule of NumPy's matmul: the last two are those of matrices, a vector x is a row
// and a vector y a column, and batch axes that an array lacks, or has with length 1, are repeated. z has all
// of them.
inline ProductAxes product_axes(const DLTensor& x, const DLTensor& y, const DLTensor& z) {
  const int rows = x.ndim > 1 ? 1 : 0, columns = y.ndim > 1 ? 1 : 0;  // how many such axes z has
  const int ndim = z.ndim - rows - columns, x_last = x.ndim - 1, y_last = y.ndim - 1;
  ProductAxes p;
  p.k = {x.shape[x_last], x.strides[x_last], y.strides[y_last - columns], 0};
  if (rows) p.m = {x.shape[x_last - 1], x.strides[x_last - 1], 0, z.strides[ndim]};
  if (columns) p.n = {y.shape[y_last], 0, y.strides[y_last], z.strides[z.ndim - 1]};
  for (int i = ndim; i-- > 0;)
    p.batch[p.batch_ndim++] = {z.shape[i], detail::batch_stride(x, x_last - rows, i, ndim),
                               detail::batch_stride(y, y_last - columns, i, ndim),
                               z.shape[i] == 1 ? 0 : z.strides[i]};
  return p;
}

// The same product with as few batch axes as the strides allow: many products with one matrix become one, and
// so does a sum of products. Axes of length 1 are gone.
inline ProductAxes folded(ProductAxes p) {
  const int ndim = p.batch_ndim;
  p.batch_ndim = 0;
  for (int i = 0; i < ndim; ++i) {
    const ProductAxis axis = p.batch[i];
    if (axis.length == 1 || detail::join_matrices(p, axis)) continue;
    if (p.batch_ndim > 0 && detail::join(p.batch[p.batch_ndim - 1], axis, false)) continue;
    p.batch[p.batch_ndim++] = axis;
  }
  return p;
}

}  // namespace plugrad::plugin

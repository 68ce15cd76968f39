// Steps of gradient descent over any structure of parameters.
#pragma once

#include "plugrad/core/row_sparse.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

// w -= lr * g, in place. Integer arrays in w are left alone.
template <class W>
void sgd(W& w, const W& g, double lr) {
  visit_pairs(w, g, [lr](Array& a, const Array& b) {
    if (is_floating(a.dtype())) axpy(-lr, b, a);
  });
}

// Scales all of g so that the norm over all its arrays together is at most `limit` (Pascanu et al. 2013). The
// scale stays on the device. Integer arrays are left alone; limit 0: nothing is done.
template <class G>
void clip_global_norm(G& g, double limit) {
  if (limit == 0) return;
  Array total;
  visit(g, [&](const Array& a) {
    if (!is_floating(a.dtype())) return;
    const Array s = sum(square(is_row_sparse(a) ? sparse_rows(coalesce(a)).rows : a));
    total = total ? total + s : s;
  });
  if (!total) return;
  const Array scale = minimum(limit / sqrt(total), 1.0);
  visit(g, [&](Array& a) {
    if (is_row_sparse(a)) a = row_sparse(a.shape(), {sparse_rows(a).index, sparse_rows(a).rows * scale});
    else if (is_floating(a.dtype())) a = a * scale;
  });
}

}  // namespace plugrad

#include "plugrad/ops/row_sparse.h"

#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

void axpy_rows(double alpha, const Array& x, Array& y) {
  static const Row& index_add = get_op("index_add");
  check_overwritable(index_add, y);
  const SparseRows r = sparse_rows(x);
  const Array scaled = r.rows * alpha;
  const ArrayRef in[] = {r.index, scaled};
  const Axes first = 0;  // a Value only borrows it
  const Value attr[] = {first, 0};
  dispatch_in_place(index_add, y, in, attr);
}

// Each index is the number of a row of a table of which only the rows in question are ever written or read:
// the last entry that has this index. To it all its entries are added.
Array coalesce(const Array& x) {
  if (!is_row_sparse(x)) throw Error("coalesce: the array is not row-sparse");
  const NoGrad off;
  const SparseRows r = sparse_rows(x);
  Array last = Array::empty(Shape{x.dims()[0]}, int64, x.device());
  assign(last, {r.index}, cumsum(full(r.index.shape(), 1, int64, x.device()), 0) - 1);
  const Array owner = index_select(last, 0, r.index);
  return row_sparse(x.shape(), {r.index, index_add(full_like(r.rows, 0), 0, owner, r.rows)});
}

}  // namespace plugrad

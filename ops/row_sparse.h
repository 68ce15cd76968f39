// What ops do with row-sparse arrays without looking at their zeros.
#pragma once

#include "plugrad/core/row_sparse.h"

namespace plugrad {

// y += alpha * x in the rows of x, in place; y of x's shape and dtype.
void axpy_rows(double alpha, const Array& x, Array& y);

}  // namespace plugrad

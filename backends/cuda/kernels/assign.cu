// An array with other elements in some places, or in all.
//
//   assign   y = value                     (no gradient)
//            y = x, y[p(i)] = value[i]     for the places p(i) of an index; the last i of one place wins
//
// An index out of range is noted for the host, and then nothing is written.
#include "plugrad/backends/cuda/selection.cuh"
#include "plugrad/backends/cuda/strided_copy.h"

namespace plugrad::cuda {
namespace {

void assign(const Call& c) {
  const DLTensor &x = c.in(0), &value = c.in(1), &y = c.out();
  if (c.n_in() == 2) return copy_elements(c, y, value);
  if (plugin::data<char>(x) != plugin::data<char>(y)) copy_elements(c, y, x);
  const Entries entries = entries_of(c, y, value, c.in(2));
  put_entries(c, entries, c.in(2), {entries.places.length(), false, index_errors(c)}, y.dtype);
}

PLUGRAD_FORWARD(assign, assign);

}  // namespace
}  // namespace plugrad::cuda

// assign: an array with other elements in all places: y = value; or in those that an index selects, its
// number i having the place p(i): y = x, y[p(i)] = value[i], and the last i of one place wins.
#include "plugrad/backends/cpu/selection.h"

namespace plugrad::cpu {
namespace {

template <class T>
void assign_all(const Call& c) {
  const DLTensor &value = c.in(1), &y = c.out();
  if (contiguous(y)) copy_to_compact(data<T>(y), data<const T>(value), walk_over(value), c.threads());
  else copy_strided(data<T>(y), data<const T>(value), walk_over(y, {&y, &value}), c.threads());
}

template <class T>
void assign_selected(const Call& c) {
  const DLTensor &x = c.in(0), &value = c.in(1), &y = c.out();
  const Selection s(c, y, value, c.in(2), false);  // all is checked before anything is written
  if (data<T>(x) != data<T>(y)) copy_to_compact(data<T>(y), data<const T>(x), walk_over(x), c.threads());
  s.for_each_run_in_order(
      [&, to = data<T>(y), from = data<const T>(value)](int64_t array, int64_t selected, int64_t n) {
        copy_run(to + array, s.array_stride(), from + selected, s.selected_stride(), n);
      });
}

void assign(const Call& c) {
  with_bits(c.out().dtype, [&]<class T>(plugin::Type<T>) {
    if (c.n_in() == 3) assign_selected<T>(c);
    else assign_all<T>(c);
  });
}

PLUGRAD_FORWARD(assign, assign);

}  // namespace
}  // namespace plugrad::cpu

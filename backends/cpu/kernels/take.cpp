// Elements and rows chosen by an index, whose number i has the place p(i) in a walk over the selected axes.
//   take: y[i] = x[p(i)]; dx = 0, dx[p(i)] += dy[i].   index_add: y = x, y[p(i)] += source[i].
//   ravel_index: i0, i1, ... -> (i0 n1 + i1) n2 + ...
// Sums are added up in the order of i.
#include <algorithm>

#include "plugrad/backends/cpu/selection.h"

namespace plugrad::cpu {
namespace {

void take(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  const Selection s(c, x, y, c.in(1), c.integer(2) != 0);
  with_bits(y.dtype, [&]<class T>(plugin::Type<T>) {
    s.for_each_run([&, from = data<const T>(x), to = data<T>(y)](int64_t array, int64_t selected, int64_t n) {
      copy_run(to + selected, s.selected_stride(), from + array, s.array_stride(), n);
    });
  });
}

template <class T>
void add_entries(const Selection& s, T* sums, const T* parts) {
  s.for_each_run_in_order([&, sums, parts](int64_t array, int64_t selected, int64_t n) {
    add_run(sums + array, s.array_stride(), parts + selected, s.selected_stride(), n);
  });
}

void take_gradient(const Call& c) {
  if (!c.wants(0)) return;
  const DLTensor &dx = c.din(0), &dy = c.dout();
  const Selection s(c, dx, dy, c.in(1), c.integer(2) != 0);
  plugin::with_floating(dx.dtype, [&]<class T>(plugin::Type<T>) {
    T* const sums = data<T>(dx);
    parallel_for(c.threads(), size(dx), light_grain,
                 [&](int64_t begin, int64_t end) { std::fill(sums + begin, sums + end, T{}); });
    add_entries(s, sums, data<const T>(dy));
  });
}

void index_add(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out(), &source = c.in(2);
  const Selection s(c, y, source, c.in(1), false);
  plugin::with_number(y.dtype, [&]<class T>(plugin::Type<T>) {
    if (data<T>(y) != data<const T>(x))  // else in place
      copy_to_compact(data<T>(y), data<const T>(x), walk_over(x), c.threads());
    add_entries(s, data<T>(y), data<const T>(source));
  });
}

// y = y length + index, with `index` repeated to the shape of y.
template <class I>
void append_index(const Call& c, int64_t* y, const Walk<1>& walk, const I* index, int64_t length) {
  if (walk.size() == 0) return;
  const int64_t run = walk.run(), stride = walk.inner(0);
  parallel_for(c.threads(), walk.size() / run, std::max<int64_t>(light_grain / run, 1),
               [&](int64_t begin, int64_t end) {
                 Cursor<1> at(walk, walk.ndim - 1, begin);
                 for (int64_t row = begin; row < end; ++row, at.next())
                   for (int64_t j = 0; j < run; ++j) {
                     int64_t& place = y[row * run + j];
                     place = place * length + checked_index(index[at.offset(0) + j * stride], length, true);
                   }
               });
}

void ravel_index(const Call& c) {
  const DLTensor& y = c.out();
  std::fill_n(data<int64_t>(y), size(y), 0);
  for (int k = 0; k < c.n_in(); ++k)
    plugin::with_integer(c.in(k).dtype, [&]<class I>(plugin::Type<I>) {
      append_index(c, data<int64_t>(y), walk_over(y, {&c.in(k)}), data<const I>(c.in(k)), c.integers(0)[k]);
    });
}

PLUGRAD_KERNELS(take, take, take_gradient);
PLUGRAD_FORWARD(index_add, index_add);
PLUGRAD_FORWARD(ravel_index, ravel_index);

}  // namespace
}  // namespace plugrad::cpu

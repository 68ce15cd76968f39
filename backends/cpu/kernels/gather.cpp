// Along an axis, here the first, an index of its own for each place.
//   gather: y[i,j] = x[index[i,j],j]; dx = 0, dx[index[i,j],j] += dy[i,j].
//   scatter_add: y = x, y[index[i,j],j] += source[i,j].
// Sums are added up in the order of i.
#include <algorithm>

#include "plugrad/backends/cpu/selection.h"

namespace plugrad::cpu {
namespace {

// An array, as the places of an index see it: its axes before the one that is indexed, and those after.
struct Columns {
  Walk<1> outer, inner;       // of the array, as far as the index reaches
  int64_t n, length, stride;  // of the index along the axis; of the array

  Columns(const Call& c, const DLTensor& array, const DLTensor& index) {
    const auto axis = static_cast<int>(c.integer(0) < 0 ? c.integer(0) + array.ndim : c.integer(0));
    for (int k = 0; k < axis; ++k) outer.push(index.shape[k], {array.strides[k]});
    for (int k = axis + 1; k < array.ndim; ++k) inner.push(index.shape[k], {array.strides[k]});
    outer.finish();
    inner.finish();
    n = index.shape[axis];
    length = array.shape[axis];
    stride = array.strides[axis];
  }
  bool empty() const { return outer.size() == 0 || inner.size() == 0 || n == 0; }
  int64_t start(int64_t row) const { return Cursor<1>(outer, outer.ndim, row).offset(0); }

  // For `count` places from `number` in the index on, whose columns start at `start` + k `step` in the array:
  // f(offset in the array, number).
  template <class I, class F>
  void visit(const I* index, int64_t number, int64_t count, int64_t start, int64_t step, const F& f) const {
    for (int64_t k = 0; k < count; ++k)
      f(start + k * step + checked_index(index[number + k], length, false) * stride, number + k);
  }

  // Calls f(offset in the array, number in the index) for all places; in any order, on several threads.
  template <class I, class F>
  void for_each(int threads, const I* index, const F& f) const {
    if (empty()) return;
    const int64_t each = inner.size(), run = inner.run();
    const auto rows = [&](int64_t begin, int64_t end) {  // along the axis and those before it
      for (int64_t row = begin, count; row < end; row += count) {
        count = std::min(n - row % n, end - row);
        const int64_t first = start(row / n);
        if (each == 1) {
          visit(index, row, count, first, 0, f);
          continue;
        }
        for (int64_t k = row; k < row + count; ++k) {
          Cursor<1> at(inner, inner.ndim - 1, 0);
          for (int64_t i = 0; i < each; i += run, at.next())
            visit(index, k * each + i, run, first + at.offset(0), inner.inner(0), f);
        }
      }
    };
    parallel_for(threads, outer.size() * n, std::max<int64_t>(light_grain / each, 1), rows);
  }

  // The same, but each element of the array is visited by one thread, in the order of the index.
  template <class I, class F>
  void for_each_in_order(int threads, const I* index, const F& f) const {
    if (empty()) return;
    const int64_t each = inner.size(), run = inner.run();
    const auto columns = [&](int64_t begin, int64_t end) {
      for (int64_t column = begin, count; column < end; column += count) {
        const int64_t row = column / each, i = column % each;
        count = std::min(run - i % run, end - column);
        if (each == 1) {
          visit(index, row * n, n, start(row), 0, f);
          continue;
        }
        const int64_t first =
            start(row) + Cursor<1>(inner, inner.ndim - 1, i / run).offset(0) + i % run * inner.inner(0);
        for (int64_t k = 0; k < n; ++k)
          visit(index, (row * n + k) * each + i, count, first, inner.inner(0), f);
      }
    };
    parallel_for(threads, outer.size() * each, std::max<int64_t>(light_grain / n, 1), columns);
  }
};

void gather(const Call& c) {
  const DLTensor &x = c.in(0), &index = c.in(1), &y = c.out();
  const Columns columns(c, x, index);
  plugin::with_integer(index.dtype, [&]<class I>(plugin::Type<I>) {
    const I* numbers = compact<I>(c, index);
    with_bits(y.dtype, [&]<class T>(plugin::Type<T>) {
      columns.for_each(c.threads(), numbers,
                       [to = data<T>(y), from = data<const T>(x)](int64_t offset, int64_t number) {
                         to[number] = from[offset];
                       });
    });
  });
}

// sums[index] += parts; `sums` is compact.
template <class T>
void add_to(const Call& c, const DLTensor& sums, const DLTensor& index, const DLTensor& parts) {
  const Columns columns(c, sums, index);
  const T* part = compact<T>(c, parts);
  plugin::with_integer(index.dtype, [&]<class I>(plugin::Type<I>) {
    columns.for_each_in_order(c.threads(), compact<I>(c, index),
                              [sum = data<T>(sums), part](int64_t offset, int64_t number) {
                                add_run(sum + offset, 1, part + number, 1, 1);
                              });
  });
}

void gather_gradient(const Call& c) {
  if (!c.wants(0)) return;
  const DLTensor& dx = c.din(0);
  plugin::with_floating(dx.dtype, [&]<class T>(plugin::Type<T>) {
    T* const sums = data<T>(dx);
    parallel_for(c.threads(), size(dx), light_grain,
                 [&](int64_t begin, int64_t end) { std::fill(sums + begin, sums + end, T{}); });
    add_to<T>(c, dx, c.in(1), c.dout());
  });
}

void scatter_add(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  plugin::with_number(y.dtype, [&]<class T>(plugin::Type<T>) {
    copy_to_compact(data<T>(y), data<const T>(x), walk_over(x), c.threads());
    add_to<T>(c, y, c.in(1), c.in(2));
  });
}

PLUGRAD_KERNELS(gather, gather, gather_gradient);
PLUGRAD_FORWARD(scatter_add, scatter_add);

}  // namespace
}  // namespace plugrad::cpu

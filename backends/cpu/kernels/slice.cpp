// slice_backward: zeros, with the elements of x at start + index * step along each axis.
#include <algorithm>

#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

template <class T>
void scatter_run(T* to, int64_t to_stride, const T* from, int64_t from_stride, int64_t n) {
  if (to_stride == 1) return pack_run(to, from, from_stride, n);
  for (int64_t i = 0; i < n; ++i) to[i * to_stride] = from[i * from_stride];
}

template <class T>
void scatter(const Call& c) {
  const DLTensor &x = c.in(0), &y = c.out();
  T* to = data<T>(y);
  parallel_for(c.threads(), size(y), light_grain,
               [&](int64_t begin, int64_t end) { std::fill(to + begin, to + end, T{}); });
  if (size(x) == 0) return;
  Walk<2> walk;  // of x, and of its elements' places in y
  for (int i = 0; i < x.ndim; ++i) {
    to += c.integers(1)[i] * y.strides[i];
    walk.push(x.shape[i], {x.strides[i], y.strides[i] * c.integers(2)[i]});
  }
  walk.finish();
  const int64_t runs = walk.size() / walk.run();
  parallel_for(c.threads(), runs, std::max<int64_t>(light_grain / walk.run(), 1),
               [&](int64_t begin, int64_t end) {
                 Cursor<2> at(walk, walk.ndim - 1, begin);
                 for (int64_t i = begin; i < end; ++i, at.next())
                   scatter_run(to + at.offset(1), walk.inner(1), data<const T>(x) + at.offset(0),
                               walk.inner(0), walk.run());
               });
}

void slice_backward(const Call& c) {
  plugin::with_number(c.out().dtype, [&](auto t) { scatter<typename decltype(t)::type>(c); });
}

PLUGRAD_FORWARD(slice_backward, slice_backward);

}  // namespace
}  // namespace plugrad::cpu

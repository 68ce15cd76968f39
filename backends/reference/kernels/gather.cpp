// Along one axis, here the first, an index of its own for each place.
//
//   gather        y[i,j] = x[index[i,j],j]                      dx = 0, dx[index[i,j],j] += dy[i,j]
//   scatter_add   y = x, y[index[i,j],j] += source[i,j]         (no kernel)
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

// Calls f(element of `small`, element of `x` that its index points to) in row-major order; `small` has the
// index's shape.
template <class S, class T, class F>
void for_each_pair(const DLTensor& index, int axis, const View<S>& small, View<T> x, F f) {
  const int64_t length = x.shape[axis], stride = x.strides[axis];
  x.strides[axis] = 0;
  with_integer(index.dtype, [&]<class I>(Type<I>) {
    for_each([&](I i, S& s, T& start) { f(s, (&start)[checked_index(i, length, "elements") * stride]); },
             view<const I>(index), small, x);
  });
}

void gather(const Call& c) {
  const int axis = axis_attribute(c, 0, c.in(0));
  with_any(c.out().dtype, [&]<class T>(Type<T>) {
    for_each_pair(c.in(1), axis, view<T>(c.out()), view<const T>(c.in(0)), [](T& y, T x) { y = x; });
  });
}

template <class T>
void add_to(const View<Sum<T>>& sums, const DLTensor& index, const DLTensor& source, int axis) {
  for_each_pair(index, axis, view<const T>(source), sums,
                [](T value, Sum<T>& sum) { sum += static_cast<Sum<T>>(value); });
}

void gather_gradient(const Call& c) {
  if (!c.wants(0)) return;
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, Sum<T>(0), c.din(0));
    add_to<T>(sums, c.in(1), c.dout(), axis_attribute(c, 0, c.din(0)));
    store<T>(c.din(0), sums);
  });
}

void scatter_add(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, Sum<T>(0), c.out());
    for_each([](Sum<T>& sum, T x) { sum = static_cast<Sum<T>>(x); }, sums, view<const T>(c.in(0)));
    add_to<T>(sums, c.in(1), c.in(2), axis_attribute(c, 0, c.out()));
    store<T>(c.out(), sums);
  });
}

PLUGRAD_KERNELS(gather, gather, gather_gradient);
PLUGRAD_FORWARD(scatter_add, scatter_add);

}  // namespace
}  // namespace plugrad::reference

// Arrays placed into zeros, which is the gradient of a slice, or into another value.
//
//   slice_backward   dx = 0, dx[start + k step] = dy[k]    its own gradient is the slice    (no kernel)
//   pad              y = value, y[before + k] = x[k]       dx = a slice of dy               (no kernel)
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

void slice_backward(const Call& c) {
  const DLTensor& dy = c.in(0);
  const int64_t *start = c.integers(1), *step = c.integers(2);
  with_number(dy.dtype, [&]<class T>(Type<T>) {
    fill(c.out(), T(0));
    if (size(dy) == 0) return;  // an empty slice may start outside
    auto dx = view<T>(c.out());
    for (int i = 0; i < dx.ndim; ++i) {
      dx.data += start[i] * dx.strides[i];
      dx.strides[i] *= step[i];
      dx.shape[i] = dy.shape[i];
    }
    for_each([](T& d, T value) { d = value; }, dx, view<const T>(dy));
  });
}

void pad(const Call& c) {
  const DLTensor& x = c.in(0);
  with_any(x.dtype, [&]<class T>(Type<T>) {
    fill(c.out(), static_cast<T>(c.real(2)));
    auto inside = view<T>(c.out());
    for (int i = 0; i < x.ndim; ++i) inside = inside.narrow(i, c.integers(0)[i], x.shape[i]);
    for_each([](T& y, T value) { y = value; }, inside, view<const T>(x));
  });
}

PLUGRAD_FORWARD(slice_backward, slice_backward);
PLUGRAD_FORWARD(pad, pad);

}  // namespace
}  // namespace plugrad::reference

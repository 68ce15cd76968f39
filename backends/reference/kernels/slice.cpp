// The gradient of a slice: it is placed into zeros.
//
//   slice_backward   dx = 0, dx[start + k step] = dy[k]    its own gradient is the slice    (no kernel)
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

PLUGRAD_FORWARD(slice_backward, slice_backward);

}  // namespace
}  // namespace plugrad::reference

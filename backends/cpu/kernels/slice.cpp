// slice_backward: zeros, with the elements of x at start + index * step along each axis.   pad: `value`, with
// x in its midst.
#include <algorithm>

#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

// `value` everywhere but at start + index * step; null: a step of 1.
template <class T>
void place(const Call& c, T value, const int64_t* start, const int64_t* step) {
  const DLTensor &x = c.in(0), &y = c.out();
  T* to = data<T>(y);
  parallel_for(c.threads(), size(y), light_grain,
               [&](int64_t begin, int64_t end) { std::fill(to + begin, to + end, value); });
  if (size(x) == 0) return;
  Walk<2> walk;  // of the elements' places in y, and of x
  for (int i = 0; i < x.ndim; ++i) {
    to += start[i] * y.strides[i];
    walk.push(x.shape[i], {y.strides[i] * (step ? step[i] : 1), x.strides[i]});
  }
  walk.finish();
  copy_strided(to, data<const T>(x), walk, c.threads());
}

void slice_backward(const Call& c) {
  with_bits(c.out().dtype, [&]<class T>(plugin::Type<T>) { place(c, T{}, c.integers(1), c.integers(2)); });
}

void pad(const Call& c) {
  plugin::with_any(c.out().dtype, [&]<class T>(plugin::Type<T>) {
    place(c, static_cast<T>(c.real(2)), c.integers(0), nullptr);
  });
}

PLUGRAD_FORWARD(slice_backward, slice_backward);
PLUGRAD_FORWARD(pad, pad);

}  // namespace
}  // namespace plugrad::cpu

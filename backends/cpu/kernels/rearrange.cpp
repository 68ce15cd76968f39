// roll: y[(i + shift) mod n] = x[i] along an axis, as two copies: what stays before the end, and what comes
// in again at the start.
#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

// Elements [from, from + length) of x along `axis` become those from `to` on of y.
template <class T>
void copy_part(const Call& c, int axis, int64_t to, int64_t from, int64_t length) {
  const DLTensor &x = c.in(0), &y = c.out();
  Walk<2> walk;
  for (int k = 0; k < x.ndim; ++k) walk.push(k == axis ? length : x.shape[k], {y.strides[k], x.strides[k]});
  walk.finish();
  copy_strided(data<T>(y) + to * y.strides[axis], data<const T>(x) + from * x.strides[axis], walk,
               c.threads());
}

void roll(const Call& c) {
  const auto axis = static_cast<int>(c.integer(1) < 0 ? c.integer(1) + c.out().ndim : c.integer(1));
  const int64_t n = c.out().shape[axis];
  if (size(c.out()) == 0) return;
  const int64_t shift = (c.integer(0) % n + n) % n;
  with_bits(c.out().dtype, [&]<class T>(plugin::Type<T>) {
    copy_part<T>(c, axis, shift, 0, n - shift);
    copy_part<T>(c, axis, 0, n - shift, shift);
  });
}

PLUGRAD_FORWARD(roll, roll);

}  // namespace
}  // namespace plugrad::cpu

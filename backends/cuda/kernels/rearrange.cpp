// Elements in other places, as copies of parts.
//
//   roll   y[(i + shift) mod n] = x[i] along an axis    (gradient: a composition)
#include <algorithm>

#include "plugrad/backends/cuda/strided_copy.h"

namespace plugrad::cuda {
namespace {

using plugin::Call;

// Copies elements [from, from + length) of x along `axis` to those from `to` on of y.
void copy_part(const Call& c, int axis, int64_t to, int64_t from, int64_t length) {
  int64_t shape[PLUGRAD_MAX_NDIM];
  std::copy_n(c.out().shape, c.out().ndim, shape);
  shape[axis] = length;
  const auto part = [&](DLTensor t, int64_t first) {
    t.shape = shape;
    t.byte_offset += static_cast<uint64_t>(first * t.strides[axis] * (t.dtype.bits / 8));
    return t;
  };
  copy_elements(c, part(c.out(), to), part(c.in(0), from));
}

void roll(const Call& c) {
  const auto axis = static_cast<int>(c.integer(1) < 0 ? c.integer(1) + c.out().ndim : c.integer(1));
  const int64_t n = c.out().shape[axis];
  if (n == 0) return;
  const int64_t shift = (c.integer(0) % n + n) % n;
  copy_part(c, axis, shift, 0, n - shift);
  copy_part(c, axis, 0, n - shift, shift);
}

PLUGRAD_FORWARD(roll, roll);

}  // namespace
}  // namespace plugrad::cuda

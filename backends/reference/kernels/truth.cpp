// all, any: y = are all elements along some axes, or is any, other than 0?   (locally constant)
#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

template <class F>
void quantifier(const Call& c, bool of_none, F combine) {
  const DLTensor& x = c.in(0);
  with_any(x.dtype, [&]<class T>(Type<T>) {
    fill(c.out(), of_none);
    for_each([&](bool& y, T value) { y = combine(y, value != T(0)); },
             repeat(view<bool>(c.out()), x, axes_attribute(c, 0, x)), view<const T>(x));
  });
}

void all(const Call& c) { quantifier(c, true, std::logical_and<bool>()); }
void any(const Call& c) { quantifier(c, false, std::logical_or<bool>()); }

PLUGRAD_FORWARD(all, all);
PLUGRAD_FORWARD(any, any);

}  // namespace
}  // namespace plugrad::reference

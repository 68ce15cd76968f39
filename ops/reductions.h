// What reductions over axes share: the rule for their shapes, the way back to x's shape, and sample calls.
#pragma once

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

// The shape left when the axes in `mask` are reduced.
void reduced_shape(const Array& x, uint32_t mask, bool keepdims, Shape& out);
// Attributes 0 and 1: axes and keepdims.
void infer_reduction(Inference& i);

// How many elements of an array of that shape are reduced to one.
double reduced_count(const Shape& x, const Axes& axes);
Axes axes_of(const Composition& c);  // attribute 0
inline bool keepdims_of(const Composition& c) { return c.integer(1) != 0; }
// `y`, of the shape of the reduction that `g` is about, with the reduced axes back as length 1.
Array with_reduced_axes(const Gradient& g, const Array& y);

// Calls f(x, axes, keepdims) for scalars, all kinds of axes, strided arrays, and such as are worth threads.
template <class F>
void for_each_reduction(F f) {
  using Input = Sample::Input;
  const Axes all;
  f(Input(Shape{}), all, false);
  f(Input({5}), all, false);
  f(Input({2, 3}), all, true);
  f(Input({2, 3, 4}), Axes{1}, false);
  f(Input({2, 3, 4}), Axes{0, -1}, true);
  f(Input({2, 3, 4}), Axes{0, 1}, false);
  f(Input({5, 1, 2}), Axes{1}, false);
  f(Input({4, 3, 5}).with(Input::transposed), Axes{2}, false);
  f(Input({6, 10}).with(Input::strided), Axes{0}, true);
  f(Input({70, 33}), Axes{0}, false);
  f(Input({300, 1000}), Axes{0}, false);
  f(Input({300, 1000}), Axes{1}, false);
  f(Input({300, 1000}), all, false);
}
// The same as sample calls of an op, with values of a domain and the attributes behind axes and keepdims.
template <class... More>
void reduction_samples(Samples& s, Domain d, More... more) {
  for_each_reduction([&](Sample::Input x, const Axes& axes, bool keepdims) {
    x.low = d.low;
    x.high = d.high;
    s.add({x}, {axes, keepdims, more...});
  });
}
// Where there are no results.
template <class... More>
void empty_result_samples(Samples& s, More... more) {
  s.add({{0, 3}}, {Axes{1}, true, more...});
  s.add({{2, 0, 3}}, {Axes{0}, false, more...});
}
// And results of no elements: for ops where such a result is a number.
template <class... More>
void empty_reduction_samples(Samples& s, More... more) {
  empty_result_samples(s, more...);
  s.add({Shape{0}}, {Axes{}, false, more...});
  s.add({{3, 0}}, {Axes{1}, false, more...});
}

}  // namespace plugrad

// log sum e^x over axes, which overflows nowhere.
#include <limits>

#include "plugrad/ops/reductions.h"

namespace plugrad {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The largest element is taken out of the sum, unless it is infinite: then e^x is right as it is.
Array log_sum_exp(const Array& x, const Axes& axes, bool keepdims) {
  if (x.size() == 0) return log(sum(x, axes, keepdims));
  const Array largest = max(x, axes, true);
  const Array m = where(less(abs(largest), infinity), largest, scalar_like(x, 0));
  const Array y = log(sum(exp(x - m), axes, true)) + m;
  return keepdims ? y : reshape(y, sum(x, axes).shape());
}

const BuiltinOp logsumexp_op(
    {.name = "logsumexp",
     .attributes = {"axes", "keepdims"},
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote_floating,
     .dtypes = {floating},
     .infer = infer_reduction,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(0) | output(),
                   .composition =
                       [](const Gradient& g) {
                         // Where y is -infinity all x are, and none has a share in it.
                         const Array& y = g.out();
                         const Array shift = where(equal(y, -infinity), scalar_like(y, 0), y);
                         return exp(g.in(0) - with_reduced_axes(g, shift)) * with_reduced_axes(g, g.dy());
                       }}},
     .composition = [](const Composition& c) { c.out() = log_sum_exp(c.in(0), axes_of(c), keepdims_of(c)); },
     .samples =
         [](Samples& s) {
           reduction_samples(s, {-3, 3});
           empty_result_samples(s);
           s.add({Sample::Input({4, 5}, 90, 110)}, {Axes{1}, false});
           s.add({Sample::Input({4, 5}, -110, -90)}, {Axes{0}, false});
         }});

}  // namespace

Array logsumexp(const Array& x, const Axes& axes, bool keepdims) {
  return logsumexp_op({x}, {axes, keepdims});
}

}  // namespace plugrad

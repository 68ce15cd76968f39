// Norms of vectors that lie along axes.
#include <cmath>
#include <limits>

#include "plugrad/ops/reductions.h"

namespace plugrad {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Attributes: axes, keepdims, order.
void infer_norm(Inference& i) {
  infer_reduction(i);
  const double order = i.real(2);
  if (std::isnan(order)) i.fail("NaN is no order of a norm");
  if (std::isinf(order) && i.in(0).size() == 0 && i.out().shape.size() != 0)
    i.fail(order > 0 ? "no maximum of no elements" : "no minimum of no elements");
}

Array norm_by_order(const Array& x, double order, const Axes& axes, bool keepdims) {
  if (order == infinity) return max(abs(x), axes, keepdims);
  if (order == -infinity) return min(abs(x), axes, keepdims);
  if (order == 0) return sum(cast(not_equal(x, 0), x.dtype()), axes, keepdims);
  if (order == 1) return sum(abs(x), axes, keepdims);
  if (order == 2) return sqrt(sum(square(x), axes, keepdims));
  return pow(sum(pow(abs(x), order), axes, keepdims), 1 / order);
}

// Of the order that is no special one: dy sign(x) (|x| / y)^(order - 1). It is 0 where x or y is.
Array power_gradient(const Array& x, const Array& y, const Array& dy, double order) {
  const Array zero = scalar_like(x, 0), one = scalar_like(x, 1);
  const Array of_zero = equal(x, 0), of_none = equal(y, 0);
  const Array ratio = where(of_zero, one, abs(x)) / where(of_none, one, y);
  return sign(x) * where(of_zero, zero, pow(ratio, order - 1)) * where(of_none, zero, dy);
}

Array norm_gradient(const Gradient& g) {
  const double order = g.real(2);
  const Array& x = g.in(0);
  const Array y = with_reduced_axes(g, g.out()), dy = with_reduced_axes(g, g.dy());
  if (order == 0) return zeros(x.shape(), g.dtype(), g.device());
  if (order == 1) return sign(x) * dy;
  if (order == 2) {
    const Array flat = equal(y, 0);
    return x * (where(flat, scalar_like(y, 0), dy) / where(flat, scalar_like(y, 1), y));
  }
  if (!std::isinf(order)) return power_gradient(x, y, dy, order);
  const Array hit = cast(equal(abs(x), y), g.dtype());
  return sign(x) * hit * (dy / sum_to(hit, y.shape()));
}

const BuiltinOp norm_op(
    {.name = "norm",
     .attributes = {"axes", "keepdims", "order"},
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote_floating,
     .dtypes = {floating},
     .infer = infer_norm,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(0) | output(), .composition = norm_gradient}},
     .composition =
         [](const Composition& c) {
           c.out() = norm_by_order(c.in(0), c.real(2), axes_of(c), keepdims_of(c));
         },
     .samples =
         [](Samples& s) {
           const double orders[] = {2, 1, infinity, -infinity, 0, 3, 0.5, -1};
           for (const double order : orders)
             s.add({Sample::Input({3, 4}, -2, -0.1).apart()}, {Axes{1}, false, order});
           for (const double order : orders) {
             s.add({Sample::Input({5, 2, 3}, 0.1, 2).with(Sample::Input::transposed).apart()},
                   {Axes{0, 2}, true, order});
             s.add({Sample::Input({20, 33}, 0.1, 7).apart()}, {Axes{0}, false, order});
             s.add({Sample::Input({6, 7}, 0.1, 7).apart()}, {Axes{}, false, order});
             s.add({{0, 3}}, {Axes{1}, false, order});
           }
           reduction_samples(s, {0.1, 2}, 2.0);
           empty_reduction_samples(s, 2.0);
           s.add({Sample::Input({300, 1000}, 0.1, 2)}, {Axes{1}, false, 3.0});
         }});

}  // namespace

Array norm(const Array& x, double order, const Axes& axes, bool keepdims) {
  return norm_op({x}, {axes, keepdims, order});
}

}  // namespace plugrad

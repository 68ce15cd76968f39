// Variance and standard deviation over axes.
#include "plugrad/ops/reductions.h"

namespace plugrad {

namespace {

// What the sum of squared distances is divided by: of all of a population, or of a sample of it.
double degrees_of_freedom(const Shape& x, const Axes& axes, double correction) {
  return std::max(reduced_count(x, axes) - correction, 0.0);
}

Array distances(const Array& x, const Axes& axes) { return x - mean(x, axes, true); }

constexpr OpSchema moment{.attributes = {"axes", "keepdims", "correction"},
                          .kind = OpKind::composite,
                          .dtype_rule = DTypeRule::promote_floating,
                          .dtypes = {floating},
                          .infer = infer_reduction,
                          .differentiability = Differentiability::differentiable};

const BuiltinOp var_op([] {
  OpSchema s = moment;
  s.name = "var";
  // The mean is a function of x, too, but the sum is least there: its share of the gradient is 0.
  s.gradient[0] = {.needs = input(0), .composition = [](const Gradient& g) {
                     const double n = degrees_of_freedom(g.shape(0), g.axes(0), g.real(2));
                     return distances(g.in(0), g.axes(0)) * (with_reduced_axes(g, g.dy()) * (2 / n));
                   }};
  s.composition = [](const Composition& c) {
    const Array& x = c.in(0);
    const Array total = sum(square(distances(x, axes_of(c))), axes_of(c), keepdims_of(c));
    c.out() = total / degrees_of_freedom(x.shape(), axes_of(c), c.real(2));
  };
  s.samples = [](Samples& samples) {
    samples.add({{2, 3}}, {Axes{1}, false, 1.0});
    samples.add({{2, 3}}, {Axes{0}, false, 0.5});
    samples.add({{5, 2, 3}}, {Axes{0, 2}, true, 1.0});
    reduction_samples(samples, {-1, 1}, 0.0);
    empty_result_samples(samples, 1.0);
    samples.add({Shape{}}, {Axes{}, false, 1.0});
    samples.add({Sample::Input({20, 30}, 99, 101)}, {Axes{1}, false, 1.0});
  };
  return s;
}());

// Its gradient where all elements are equal is 0, as in PyTorch.
const BuiltinOp stddev_op([] {
  OpSchema s = moment;
  s.name = "stddev";
  s.gradient[0] = {.needs = input(0) | output(), .composition = [](const Gradient& g) {
                     const double n = degrees_of_freedom(g.shape(0), g.axes(0), g.real(2));
                     const Array& y = g.out();
                     const Array flat = equal(y, 0);
                     const Array slope = g.dy() / (n * where(flat, scalar_like(y, 1), y));
                     return distances(g.in(0), g.axes(0)) *
                            with_reduced_axes(g, where(flat, scalar_like(y, 0), slope));
                   }};
  s.composition = [](const Composition& c) {
    c.out() = sqrt(var(c.in(0), axes_of(c), keepdims_of(c), c.real(2)));
  };
  s.samples = [](Samples& samples) {
    samples.add({{3, 4}}, {Axes{1}, false, 1.0});
    samples.add({{3, 4}}, {Axes{0}, false, 0.5});
    samples.add({{5, 2, 3}}, {Axes{0, 2}, true, 1.0});
    // Of at least two elements: of one it is 0, and has a kink there.
    for_each_reduction([&](const Sample::Input& x, const Axes& axes, bool keepdims) {
      if (reduced_count(x.shape, axes) > 1) samples.add({x}, {axes, keepdims, 0.0});
    });
    empty_result_samples(samples, 1.0);
    samples.add({Sample::Input({20, 30}, 99, 101)}, {Axes{1}, false, 1.0});
  };
  return s;
}());

}  // namespace

Array var(const Array& x, const Axes& axes, bool keepdims, double correction) {
  return var_op({x}, {axes, keepdims, correction});
}
Array stddev(const Array& x, const Axes& axes, bool keepdims, double correction) {
  return stddev_op({x}, {axes, keepdims, correction});
}

}  // namespace plugrad

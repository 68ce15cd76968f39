// Sums, means and products over axes.
#include "plugrad/ops/reductions.h"

namespace plugrad {

namespace {

const BuiltinOp sum_op({.name = "sum",
                        .attributes = {"axes", "keepdims"},
                        .dtypes = {any_dtype},
                        .infer =
                            [](Inference& i) {
                              infer_reduction(i);
                              if (!is_floating(i.out().dtype)) i.out().dtype = int64;
                            },
                        .differentiability = Differentiability::differentiable,
                        .gradient_form = GradientForm::trivial,
                        .gradient = {{.composition =
                                          [](const Gradient& g) {
                                            return expand(with_reduced_axes(g, g.dy()), g.shape(0));
                                          }}},
                        .samples =
                            [](Samples& s) {
                              reduction_samples(s, {-1, 1});
                              empty_reduction_samples(s);
                              s.add({Sample::Input({6, 7}, int32, -5, 5)}, {Axes{1}, false});
                              s.add({Sample::Input({6, 7}, int64, -5, 5)}, {Axes{}, false});
                              s.add({Sample::Input({6, 7}, bool_, 0, 2)}, {Axes{0}, false});
                            }});

const BuiltinOp mean_op({.name = "mean",
                         .attributes = {"axes", "keepdims"},
                         .kind = OpKind::composite,
                         .dtype_rule = DTypeRule::promote_floating,
                         .dtypes = {floating},
                         .infer = infer_reduction,
                         .differentiability = Differentiability::differentiable,
                         .gradient = {{.composition =
                                           [](const Gradient& g) {
                                             const Shape s = g.shape(0);
                                             return expand(
                                                 with_reduced_axes(g, g.dy() / reduced_count(s, g.axes(0))),
                                                 s);
                                           }}},
                         .composition =
                             [](const Composition& c) {
                               const Array total = sum(c.in(0), axes_of(c), keepdims_of(c));
                               c.out() = total / reduced_count(c.in(0).shape(), axes_of(c));
                             },
                         .samples =
                             [](Samples& s) {
                               reduction_samples(s, {-1, 1});
                               empty_result_samples(s);
                             }});

// For each row of x [n, m]: `dy` [1, m] times the product of the other rows. Rows are multiplied in pairs,
// and so are the products. It divides by nothing, so that zeros are as good as other numbers, and all its
// derivatives are right.
Array times_others(const Array& x, const Array& dy) {
  const int64_t n = x.dims()[0], half = n / 2;
  if (n == 1) return dy;
  const Array a = slice(x, 0, 0, half), b = slice(x, 0, half, 2 * half);
  if (n % 2 == 0) {
    const Array others = times_others(a * b, dy);
    return concat({others * b, others * a}, 0);
  }
  const Array others = times_others(concat({a * b, slice(x, 0, n - 1, n)}, 0), dy);
  const Array of_pairs = slice(others, 0, 0, half);
  return concat({of_pairs * b, of_pairs * a, slice(others, 0, half, half + 1)}, 0);
}

// The axes of x, those that are reduced first.
Axes reduced_axes_first(const Shape& x, const Axes& axes) {
  bool reduced[max_ndim];
  std::fill_n(reduced, max_ndim, axes.size() == 0);
  for (int k = 0; k < axes.size(); ++k) reduced[normalize_axis(axes[k], x, "prod")] = true;
  Axes order;
  for (const bool first : {true, false})
    for (int k = 0; k < x.ndim(); ++k)
      if (reduced[k] == first) order.push_back(k);
  return order;
}

Array prod_gradient(const Gradient& g) {
  const Array& x = g.in(0);
  if (x.size() == 0) return zeros(x.shape(), g.dtype(), g.device());
  const Axes order = reduced_axes_first(x.shape(), g.axes(0));
  const Array by_rows = permute(x, order);
  const int64_t results = g.dy().size();
  const Array others =
      times_others(reshape(by_rows, {x.size() / results, results}), reshape(g.dy(), {1, results}));
  Shape back = x.shape();
  for (int k = 0; k < order.size(); ++k) back[static_cast<int>(order[k])] = k;
  return permute(reshape(others, by_rows.shape()), back);
}

const BuiltinOp prod_op({.name = "prod",
                         .attributes = {"axes", "keepdims"},
                         .dtypes = {floating | set_of(int64)},
                         .infer = infer_reduction,
                         .differentiability = Differentiability::differentiable,
                         .gradient = {{.needs = input(0), .composition = prod_gradient}},
                         .samples = [](Samples& s) {
                           for_each_reduction([&](Sample::Input x, const Axes& axes, bool keepdims) {
                             const double spread =
                                 x.shape.size() < 1000 ? 0.5 : 0.01;  // products neither overflow nor vanish
                             x.low = 1 - spread;
                             x.high = 1 + spread;
                             s.add({x}, {axes, keepdims});
                           });
                           s.add({Sample::Input({3, 5}, -2, 2)}, {Axes{1}, false});
                           s.add({Sample::Input({4, 5, 2}, -2, 2)}, {Axes{0, 2}, false});
                           s.add({Sample::Input({6, 7}, int64, -3, 4)}, {Axes{1}, false});
                           s.add({Sample::Input({70}, int64, 3, 4)}, {Axes{}, false});  // wraps around
                           empty_reduction_samples(s);
                         }});

const BuiltinOp sum_to_op({.name = "sum_to",
                           .attributes = {"shape"},
                           .dtypes = {numbers},
                           .infer =
                               [](Inference& i) {
                                 Shape& out = i.out().shape;
                                 out = i.shape(0);
                                 i.out().dtype = i.in(0).dtype();
                                 const int lead = i.in(0).ndim() - out.ndim();
                                 if (lead < 0) i.fail("cannot reduce to " + to_string(out));
                                 for (int k = 0; k < out.ndim(); ++k)
                                   if (out[k] != 1 && out[k] != i.in(0).dims()[lead + k])
                                     i.fail("cannot reduce to " + to_string(out));
                               },
                           .differentiability = Differentiability::differentiable,
                           .gradient_form = GradientForm::trivial,
                           .gradient = {{.composition =
                                             [](const Gradient& g) { return expand(g.dy(), g.shape(0)); }}},
                           .samples =
                               [](Samples& s) {
                                 s.add({{3, 4}}, {Shape{}});
                                 s.add({{3, 4}}, {Shape{4}});
                                 s.add({{3, 4}}, {Shape{1, 4}});
                                 s.add({{3, 4}}, {Shape{3, 1}});
                                 s.add({{2, 3, 4}}, {Shape{3, 1}});
                                 s.add({{0, 4}}, {Shape{4}});
                                 s.add({Shape{}}, {Shape{}});
                                 s.add({{300, 1000}}, {Shape{1000}});
                                 s.add({Sample::Input({6, 8}).with(Sample::Input::transposed)}, {Shape{8}});
                                 s.add({Sample::Input({6, 8}, int32, -3, 4)}, {Shape{8}});
                               }});

}  // namespace

Array sum(const Array& x, const Axes& axes, bool keepdims) { return sum_op({x}, {axes, keepdims}); }
Array mean(const Array& x, const Axes& axes, bool keepdims) { return mean_op({x}, {axes, keepdims}); }
Array prod(const Array& x, const Axes& axes, bool keepdims) {
  const bool narrow = x && !is_floating(x.dtype());
  return prod_op({narrow ? cast(x, int64) : x}, {axes, keepdims});
}
Array sum_to(const Array& x, const Shape& shape) { return sum_to_op({x}, {shape}); }

}  // namespace plugrad

// Reductions over axes.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// The shape left when the axes in `mask` are reduced.
void reduced_shape(const Array& x, uint32_t mask, bool keepdims, Shape& out) {
  int n = 0;
  for (int k = 0; k < x.ndim(); ++k)
    if (!(mask >> k & 1)) out[n++] = x.dims()[k];
    else if (keepdims) out[n++] = 1;
  out.set_ndim(n);
}

// Attributes: axes, keepdims.
void infer_reduction(Inference& i) {
  reduced_shape(i.in(0), i.axes(0), i.integer(1) != 0, i.out().shape);
  i.out().dtype = i.in(0).dtype();
}

// `y`, of the reduction that `g` is about, with the reduced axes back as length 1.
Array with_reduced_axes(const Gradient& g, const Array& y) {
  Shape kept = g.shape(0);
  const Axes axes = g.axes(0);
  for (int k = 0; k < kept.ndim(); ++k)
    if (axes.size() == 0) kept[k] = 1;
  for (int k = 0; k < axes.size(); ++k) kept[normalize_axis(axes[k], kept, "sum")] = 1;
  return reshape(y, kept);
}

void reduction_samples(Samples& s) {
  const Axes all;
  s.add({Shape{}}, {all, false});
  s.add({{5}}, {all, false});
  s.add({{2, 3}}, {all, true});
  s.add({{2, 3, 4}}, {Axes{1}, false});
  s.add({{2, 3, 4}}, {Axes{0, -1}, true});
  s.add({{2, 3, 4}}, {Axes{0, 1}, false});
  s.add({{5, 1, 2}}, {Axes{1}, false});
  s.add({Sample::Input({4, 3, 5}).with(Sample::Input::transposed)}, {Axes{2}, false});
  s.add({Sample::Input({6, 10}).with(Sample::Input::strided)}, {Axes{0}, true});
  s.add({{300, 1000}}, {Axes{0}, false});
  s.add({{300, 1000}}, {Axes{1}, false});
  s.add({{300, 1000}}, {all, false});
}

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
                              reduction_samples(s);
                              s.add({Shape{0}}, {Axes{}, false});
                              s.add({{3, 0}}, {Axes{1}, false});
                              s.add({{0, 3}}, {Axes{1}, true});
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
                                             const double n = static_cast<double>(s.size()) /
                                                              static_cast<double>(g.dy().size());
                                             return expand(with_reduced_axes(g, g.dy() / n), s);
                                           }}},
                         .composition =
                             [](const Composition& c) {
                               const Array& x = c.in(0);
                               Axes axes;
                               for (int k = 0; k < c.attribute(0).count; ++k)
                                 axes.push_back(c.attribute(0).as.ints[k]);
                               const Array total = sum(x, axes, c.integer(1) != 0);
                               c.out() = total /
                                         (static_cast<double>(x.size()) / static_cast<double>(total.size()));
                             },
                         .samples = reduction_samples});

// The gradient is shared evenly among the elements that are equal to the maximum.
const BuiltinOp max_op({.name = "max",
                        .attributes = {"axes", "keepdims"},
                        .dtypes = {numbers},
                        .infer =
                            [](Inference& i) {
                              infer_reduction(i);
                              if (i.in(0).size() == 0 && i.out().shape.size() != 0)
                                i.fail("no maximum of no elements");
                            },
                        .differentiability = Differentiability::differentiable,
                        .gradient = {{.needs = input(0) | output(),
                                      .composition =
                                          [](const Gradient& g) {
                                            const Array &x = g.in(0), y = with_reduced_axes(g, g.out());
                                            const Array hit = cast(equal(x, y), g.dtype());
                                            const Array hits = sum_to(hit, y.shape());
                                            return hit * (with_reduced_axes(g, g.dy()) / hits);
                                          }}},
                        .samples =
                            [](Samples& s) {
                              Samples usual;
                              reduction_samples(usual);
                              for (Sample sample : usual.all()) {
                                if (sample.in[0].shape.size() > 1000) sample.in[0].shape = {30, 100};
                                sample.in[0].distinct = true;
                                s.add({sample.in[0]}, {Value(sample.attr[0].as.ints, sample.attr[0].count),
                                                       sample.attr[1].as.i});
                              }
                              s.add({Sample::Input({6, 7}, int64, -5, 5)}, {Axes{1}, false});
                              s.add({{0, 3}}, {Axes{1}, false});
                            }});

const BuiltinOp argmax_op({.name = "argmax",
                           .attributes = {"axis", "keepdims"},
                           .dtypes = {numbers},
                           .infer =
                               [](Inference& i) {
                                 const int axis = i.axis(0);
                                 if (i.in(0).dims()[axis] == 0) i.fail("no maximum of no elements");
                                 reduced_shape(i.in(0), 1u << axis, i.integer(1) != 0, i.out().shape);
                                 i.out().dtype = int64;
                               },
                           .differentiability = Differentiability::locally_constant,
                           .samples =
                               [](Samples& s) {
                                 s.add({{5}}, {0, false});
                                 s.add({{2, 3, 4}}, {1, false});
                                 s.add({{2, 3, 4}}, {-1, true});
                                 s.add({{100, 10}}, {1, false});
                                 s.add({Sample::Input({6, 7}, int32, -2, 2)}, {0, false});
                                 s.add({Sample::Input({6, 7}).with(Sample::Input::strided)}, {1, false});
                                 s.add({{0, 3}}, {1, false});
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
Array max(const Array& x, const Axes& axes, bool keepdims) { return max_op({x}, {axes, keepdims}); }
Array argmax(const Array& x, int64_t axis, bool keepdims) { return argmax_op({x}, {axis, keepdims}); }
Array sum_to(const Array& x, const Shape& shape) { return sum_to_op({x}, {shape}); }

}  // namespace plugrad

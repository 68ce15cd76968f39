// Sums, differences, products, quotients and powers, broadcasting; and what is near them.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"
#include "plugrad/ops/row_sparse.h"

namespace plugrad {

namespace {

// How much of the gradient goes to the larger operand: all of it, or half where the two are equal.
Array share(const Array& larger, const Array& smaller, DType dtype) {
  return cast(greater(larger, smaller), dtype) + 0.5 * cast(equal(larger, smaller), dtype);
}

const BuiltinOp add_op([] {
  OpSchema s = differentiable(binary, "add", {.composition = [](const Gradient& g) { return g.dy(); }},
                              {.composition = [](const Gradient& g) { return g.dy(); }}, binary_samples);
  s.gradient_form = GradientForm::trivial;
  s.in_place = true;
  return s;
}());

const BuiltinOp sub_op([] {
  OpSchema s = differentiable(binary, "sub", {.composition = [](const Gradient& g) { return g.dy(); }},
                              {.composition = [](const Gradient& g) { return -g.dy(); }}, binary_samples);
  s.gradient_form = GradientForm::trivial;
  return s;
}());

const BuiltinOp mul_op(differentiable(
    binary, "mul", {.needs = input(1), .composition = [](const Gradient& g) { return g.dy() * g.in(1); }},
    {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * g.in(0); }}, binary_samples));

const BuiltinOp div_op([] {
  OpSchema s = differentiable(
      binary, "div", {.needs = input(1), .composition = [](const Gradient& g) { return g.dy() / g.in(1); }},
      {.needs = input(1) | output(),
       .composition = [](const Gradient& g) { return -(g.dy() * g.out() / g.in(1)); }},
      [](Samples& samples) {
        binary_samples(samples, {-1, 1}, {0.5, 2});
      });
  s.dtype_rule = DTypeRule::promote_floating;
  s.dtypes[0] = floating;
  return s;
}());

// Its gradient in the exponent is 0 where 0 is raised to 0 or more, as in PyTorch.
const BuiltinOp pow_op([] {
  OpSchema s =
      differentiable(binary, "pow",
                     {.needs = input(0) | input(1),
                      .composition =
                          [](const Gradient& g) {
                            const Array &x = g.in(0), &y = g.in(1);
                            return where(equal(y, 0), scalar_like(x, 0), g.dy() * y * pow(x, y - 1));
                          }},
                     {.needs = input(0) | input(1) | output(),
                      .composition =
                          [](const Gradient& g) {
                            const Array &x = g.in(0), &y = g.in(1);
                            const Array zero = cast(equal(x, 0), g.dtype());
                            const Array flat = greater(zero * cast(greater_equal(y, 0), g.dtype()), 0);
                            const Array slope = g.dy() * g.out() * log(where(flat, scalar_like(x, 1), x));
                            return where(flat, scalar_like(x, 0), slope);
                          }},
                     [](Samples& samples) {
                       binary_samples(samples, {0.5, 2}, {-2, 2});
                     });
  s.dtype_rule = DTypeRule::promote_floating;
  s.dtypes[0] = floating;
  return s;
}());

const BuiltinOp maximum_op(differentiable(
    binary, "maximum",
    {.needs = input(0) | input(1),
     .composition = [](const Gradient& g) { return g.dy() * share(g.in(0), g.in(1), g.dtype()); }},
    {.needs = input(0) | input(1),
     .composition = [](const Gradient& g) { return g.dy() * share(g.in(1), g.in(0), g.dtype()); }},
    [](Samples& s) {
      binary_samples(s, {-1, 0}, {-0.99, 1});
    }));

const BuiltinOp minimum_op(differentiable(
    binary, "minimum",
    {.needs = input(0) | input(1),
     .composition = [](const Gradient& g) { return g.dy() * share(g.in(1), g.in(0), g.dtype()); }},
    {.needs = input(0) | input(1),
     .composition = [](const Gradient& g) { return g.dy() * share(g.in(0), g.in(1), g.dtype()); }},
    [](Samples& s) {
      binary_samples(s, {-1, 0}, {-0.99, 1});
    }));

const BuiltinOp neg_op([] {
  OpSchema s = differentiable(unary, "neg", {.composition = [](const Gradient& g) { return -g.dy(); }});
  s.dtypes[0] = numbers;
  s.gradient_form = GradientForm::trivial;
  return s;
}());

const BuiltinOp abs_op([] {
  OpSchema s = differentiable(
      unary, "abs",
      {.needs = input(0), .composition = [](const Gradient& g) { return g.dy() * sign(g.in(0)); }},
      [](Samples& samples) {
        unary_samples(samples, {0.1, 2});
        unary_samples(samples, {-2, -0.1});
      });
  s.dtypes[0] = numbers;
  return s;
}());

const BuiltinOp sign_op([] {
  OpSchema s = unary;
  s.name = "sign";
  s.dtypes[0] = numbers;
  s.differentiability = Differentiability::locally_constant;
  s.samples = unary_samples;
  return s;
}());

const BuiltinOp square_op([] {
  OpSchema s = differentiable(unary, "square", {.needs = input(0), .composition = [](const Gradient& g) {
                                                  return g.dy() * (2 * g.in(0));
                                                }});
  s.dtypes[0] = numbers;
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = c.in(0) * c.in(0); };
  return s;
}());

const BuiltinOp reciprocal_op(
    composite(differentiable(unary, "reciprocal",
                             {.needs = output(),
                              .composition = [](const Gradient& g) { return -(g.dy() * square(g.out())); }},
                             [](Samples& s) {
                               unary_samples(s, {0.3, 3});
                               unary_samples(s, {-3, -0.3});
                             }),
              [](const Composition& c) { c.out() = 1 / c.in(0); }));

const BuiltinOp axpy_op(
    {.name = "axpy",
     .n_in = 2,
     .attributes = {"alpha"},
     .dtypes = {floating},
     .infer =
         [](Inference& i) {
           if (!(i.in(0).shape() == i.in(1).shape())) i.fail("needs equal shapes");
           infer_same(i);
         },
     .in_place = true,
     .differentiability = Differentiability::no_gradient,
     .samples =
         [](Samples& s) {
           for (const Shape& shape : {Shape{}, Shape{5}, Shape{3, 4}, Shape{0}}) s.add({shape, shape}, {0.5});
           s.add({Shape{3, 4}, Sample::Input{{3, 4}}.with(Sample::Input::transposed)}, {-2.0});
         }});

}  // namespace

Array add(const Array& x, const Array& y) { return add_op({x, y}); }
Array sub(const Array& x, const Array& y) { return sub_op({x, y}); }
Array mul(const Array& x, const Array& y) { return mul_op({x, y}); }
Array div(const Array& x, const Array& y) { return div_op({x, y}); }
Array pow(const Array& x, const Array& y) { return pow_op({x, y}); }
Array maximum(const Array& x, const Array& y) { return maximum_op({x, y}); }
Array minimum(const Array& x, const Array& y) { return minimum_op({x, y}); }
Array neg(const Array& x) { return neg_op({x}); }
Array abs(const Array& x) { return abs_op({x}); }
Array sign(const Array& x) { return sign_op({x}); }
Array square(const Array& x) { return square_op({x}); }
Array reciprocal(const Array& x) { return reciprocal_op({x}); }
void axpy(double alpha, const Array& x, Array& y) {
  if (is_row_sparse(x) && y && x.shape() == y.shape() && x.dtype() == y.dtype())
    return axpy_rows(alpha, x, y);
  axpy_op.in_place(y, {x}, {alpha});
}

}  // namespace plugrad

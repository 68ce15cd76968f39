// Diagonals and triangles of matrices. Diagonal k holds the elements [i, i + k].
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

struct Plane {
  int axis1, axis2;
};

// The axes of `shape` that a diagonal runs through; ShapeError where they are not two.
Plane plane_of(int64_t axis1, int64_t axis2, const Shape& shape, const char* op) {
  if (shape.ndim() < 2)
    throw ShapeError(fmt::format("{}: needs two axes, not shape {}", op, to_string(shape)));
  const Plane p{normalize_axis(axis1, shape, op), normalize_axis(axis2, shape, op)};
  if (p.axis1 == p.axis2)
    throw ShapeError(
        fmt::format("{}: axes {} and {} are the same one of shape {}", op, axis1, axis2, to_string(shape)));
  return p;
}

// Of a matrix of these sizes; 0 where diagonal k lies outside.
int64_t diagonal_length(int64_t rows, int64_t columns, int64_t k) {
  return std::max<int64_t>(k < 0 ? std::min(rows + k, columns) : std::min(rows, columns - k), 0);
}

// The shape of diagonal k: the other axes, and then its length.
Shape diagonal_shape(const Shape& x, int64_t k, const Plane& plane) {
  Shape shape;
  for (int i = 0; i < x.ndim(); ++i)
    if (i != plane.axis1 && i != plane.axis2) shape.push_back(x[i]);
  shape.push_back(diagonal_length(x[plane.axis1], x[plane.axis2], k));
  return shape;
}

void infer_diagonal(Inference& i) {
  const Array& x = i.in(0);
  const int64_t k = i.integer(0);
  const Plane plane = plane_of(i.integer(1), i.integer(2), x.shape(), "diagonal");
  Inference::Output& out = i.out();
  out.shape = diagonal_shape(x.shape(), k, plane);
  int axis = 0;
  for (int j = 0; j < x.ndim(); ++j)
    if (j != plane.axis1 && j != plane.axis2) out.strides[axis++] = x.strides()[j];
  const int64_t down = x.strides()[plane.axis1], right = x.strides()[plane.axis2];
  out.strides[axis] = down + right;
  out.offset = out.shape[axis] == 0 ? 0 : k < 0 ? -k * down : k * right;
  out.dtype = x.dtype();
}

const BuiltinOp diagonal_op({.name = "diagonal",
                             .attributes = {"k", "axis1", "axis2"},
                             .kind = OpKind::view,
                             .dtypes = {any_dtype},
                             .infer = infer_diagonal,
                             .differentiability = Differentiability::differentiable,
                             .gradient_form = GradientForm::trivial,
                             .gradient = {{.composition =
                                               [](const Gradient& g) {
                                                 return diagonal_backward(g.dy(), g.shape(0), g.integer(0),
                                                                          g.integer(1), g.integer(2));
                                               }}},
                             .samples = [](Samples& s) {
                               using Input = Sample::Input;
                               s.add({{3, 3}}, {0, 0, 1});
                               s.add({{3, 5}}, {1, 0, 1});
                               s.add({{3, 5}}, {-2, 1, 0});
                               s.add({{2, 3, 4}}, {0, 0, 1});
                               s.add({{2, 3, 4}}, {-1, -2, -1});
                               s.add({{2, 3, 4}}, {1, 0, 2});
                               s.add({{2, 3}}, {7, 0, 1});
                               s.add({{0, 3}}, {0, 0, 1});
                               s.add({{1, 1}}, {0, 0, 1});
                               s.add({Input({6, 4}).with(Input::strided)}, {-1, 0, 1});
                               s.add({Input({3, 4, 5}).with(Input::transposed)}, {2, 1, 2});
                             }});

void infer_diagonal_backward(Inference& i) {
  Inference::Output& out = i.out();
  out.shape = i.shape(0);
  out.dtype = i.in(0).dtype();
  const Plane plane = plane_of(i.integer(2), i.integer(3), out.shape, "diagonal_backward");
  const Shape expected = diagonal_shape(out.shape, i.integer(1), plane);
  if (!(expected == i.in(0).shape()))
    i.fail(fmt::format("diagonal {} of shape {} has shape {}", i.integer(1), to_string(out.shape),
                       to_string(expected)));
}

const BuiltinOp diagonal_backward_op(
    {.name = "diagonal_backward",
     .attributes = {"shape", "k", "axis1", "axis2"},
     .dtypes = {any_dtype},
     .infer = infer_diagonal_backward,
     .differentiability = Differentiability::differentiable,
     .gradient_form = GradientForm::trivial,
     .gradient = {{.composition =
                       [](const Gradient& g) {
                         return diagonal(g.dy(), g.integer(1), g.integer(2), g.integer(3));
                       }}},
     .samples = [](Samples& s) {
       using Input = Sample::Input;
       s.add({{3}}, {Shape{3, 3}, 0, 0, 1});
       s.add({{3}}, {Shape{3, 5}, 1, 0, 1});
       s.add({{2}}, {Shape{3, 4}, -2, -1, 0});
       s.add({{4, 2}}, {Shape{2, 3, 4}, 0, 0, 1});
       s.add({{2, 2}}, {Shape{2, 3, 4}, -1, 1, 2});
       s.add({{3, 2}}, {Shape{2, 3, 4}, 1, 0, 2});
       s.add({{0}}, {Shape{2, 3}, 7, 0, 1});
       s.add({{0}}, {Shape{0, 3}, 0, 0, 1});
       s.add({{0, 3}}, {Shape{0, 3, 4}, 0, 1, 2});
       s.add({{1}}, {Shape{1, 1}, 0, 0, 1});
       s.add({Input({6, 5}).with(Input::transposed)}, {Shape{5, 6, 7}, 1, 0, 2});
       s.add({Input({6, 5}).with(Input::strided)}, {Shape{6, 5, 5}, 0, 1, 2});
       s.add({{300, 30}}, {Shape{300, 30, 31}, 0, 1, 2});
     }});

void infer_triangle(Inference& i) {
  if (i.in(0).ndim() < 2) i.fail("needs two axes");
  infer_same(i);
}

void triangle_samples(Samples& s) {
  using Input = Sample::Input;
  s.add({{3, 3}}, {0});
  s.add({{3, 5}}, {1});
  s.add({{5, 3}}, {-1});
  s.add({{2, 3, 4}}, {0});
  s.add({{2, 3}}, {7});
  s.add({{2, 3}}, {-7});
  s.add({{1, 1}}, {0});
  s.add({{0, 3}}, {0});
  s.add({{3, 2, 0}}, {1});
  s.add({{4, 8, 16}}, {-3});
  s.add({Input({17, 5}).with(Input::strided)}, {-2});
  s.add({Input({3, 7, 12}).with(Input::transposed)}, {2});
  s.add({{300, 1000}}, {100});
  s.add({Input({300, 1000}).with(Input::transposed)}, {-100});
}

OpSchema triangle(const char* name, Array (*composition)(const Gradient&)) {
  return {.name = name,
          .attributes = {"k"},
          .dtypes = {any_dtype},
          .infer = infer_triangle,
          .differentiability = Differentiability::differentiable,
          .gradient_form = GradientForm::trivial,
          .gradient = {{.composition = composition}},
          .samples = triangle_samples};
}
const BuiltinOp tril_op(triangle("tril", [](const Gradient& g) { return tril(g.dy(), g.integer(0)); }));
const BuiltinOp triu_op(triangle("triu", [](const Gradient& g) { return triu(g.dy(), g.integer(0)); }));

}  // namespace

Array diagonal(const Array& x, int64_t k, int64_t axis1, int64_t axis2) {
  return diagonal_op({x}, {k, axis1, axis2});
}

Array diagonal_backward(const Array& x, const Shape& shape, int64_t k, int64_t axis1, int64_t axis2) {
  return diagonal_backward_op({x}, {shape, k, axis1, axis2});
}

Array diag(const Array& x, int64_t k) {
  if (!x) throw Error("diag: input 0 is an empty array");
  if (x.ndim() == 2) return diagonal(x, k);
  if (x.ndim() != 1)
    throw ShapeError(fmt::format("diag: needs a vector or a matrix, not shape {}", to_string(x.shape())));
  const int64_t n = x.dims()[0] + std::abs(k);
  return diagonal_backward(x, {n, n}, k, 0, 1);
}

Array trace(const Array& x, int64_t k) {
  if (!x) throw Error("trace: input 0 is an empty array");
  if (x.ndim() != 2)
    throw ShapeError(fmt::format("trace: needs a matrix, not shape {}", to_string(x.shape())));
  return sum(diagonal(x, k));
}

Array tril(const Array& x, int64_t k) { return tril_op({x}, {k}); }
Array triu(const Array& x, int64_t k) { return triu_op({x}, {k}); }

}  // namespace plugrad

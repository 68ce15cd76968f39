// The matrix product, of single matrices, vectors and whole batches; and the names that vectors have for it.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/flops.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// How many axes of x are the batch's: all but those of its matrices, or none, for a vector.
int batch_ndim(const Array& x) { return std::max(x.ndim() - 2, 0); }

// The batch axes of x and y by NumPy's rule, to the front of z.
void infer_batch(Inference& i, Shape& z) {
  const Array &x = i.in(0), &y = i.in(1);
  const int nx = batch_ndim(x), ny = batch_ndim(y), n = std::max(nx, ny);
  z.set_ndim(n);
  for (int k = 0; k < n; ++k) {
    const int64_t dx = k < n - nx ? 1 : x.dims()[k - (n - nx)], dy = k < n - ny ? 1 : y.dims()[k - (n - ny)];
    if (dx != dy && dx != 1 && dy != 1) i.fail("batch axes do not broadcast");
    z[k] = dx == 1 ? dy : dx;
  }
}

void infer_vectors_and_batches(Inference& i) {
  const Array &x = i.in(0), &y = i.in(1);
  if (x.ndim() == 0 || y.ndim() == 0) i.fail("needs matrices or vectors");
  if (x.dims()[x.ndim() - 1] != y.dims()[std::max(y.ndim() - 2, 0)]) i.fail("inner dimensions differ");
  Shape& z = i.out().shape;
  infer_batch(i, z);
  if (x.ndim() > 1) z.push_back(x.dims()[x.ndim() - 2]);
  if (y.ndim() > 1) z.push_back(y.dims()[y.ndim() - 1]);
}

void infer_matmul(Inference& i) {
  const Array &x = i.in(0), &y = i.in(1);
  i.out().dtype = x.dtype();
  if (x.ndim() != 2 || y.ndim() != 2) return infer_vectors_and_batches(i);
  if (x.dims()[1] != y.dims()[0]) i.fail("inner dimensions differ");
  i.out().shape = {x.dims()[0], y.dims()[1]};
}

Array as_row(const Array& x) { return x.ndim() == 1 ? unsqueeze(x, 0) : x; }
Array as_column(const Array& y) { return y.ndim() == 1 ? unsqueeze(y, 1) : y; }

// The gradient in the product, with the axes of length 1 that it lacks where an operand is a vector.
Array matrices_of_dz(const Gradient& g) {
  const Array dz = g.shape(1).ndim() == 1 ? unsqueeze(g.dy(), -1) : g.dy();
  return g.shape(0).ndim() == 1 ? unsqueeze(dz, -2) : dz;
}

// `d`, the gradient in operand `i` repeated over the product's batch, as the gradient in the operand itself:
// `matrices` is the operand's shape, a vector's as the matrix it stood for.
Array of_operand(const Gradient& g, int i, const Array& d, const Shape& matrices) {
  const Array sum = d.shape() == matrices ? d : sum_to(d, matrices);
  return g.shape(i).ndim() == 1 ? reshape(sum, g.shape(i)) : sum;
}

Array gradient_in_x(const Gradient& g) {
  const Shape x = g.shape(0);
  return of_operand(g, 0, matmul(matrices_of_dz(g), transpose(as_column(g.in(1)))),
                    x.ndim() == 1 ? Shape{1, x[0]} : x);
}
Array gradient_in_y(const Gradient& g) {
  const Shape y = g.shape(1);
  return of_operand(g, 1, matmul(transpose(as_row(g.in(0))), matrices_of_dz(g)),
                    y.ndim() == 1 ? Shape{y[0], 1} : y);
}

void matrix_samples(Samples& s) {
  using Input = Sample::Input;
  const std::array<int64_t, 3> sizes[] = {{1, 5, 1},    {4, 1, 4},    {0, 2, 3},    {2, 0, 3},
                                          {2, 3, 0},    {7, 13, 1},   {1, 13, 7},   {33, 17, 9},
                                          {50, 64, 10}, {64, 50, 10}, {37, 41, 43}, {130, 70, 96}};
  for (const auto& [m, k, n] : sizes) s.add({Input({m, k}), Input({k, n})});
  s.add({Input({8, 5}).with(Input::transposed), Input({5, 6})});
  s.add({Input({8, 5}), Input({5, 6}).with(Input::transposed)});
  s.add({Input({8, 5}).with(Input::transposed), Input({5, 6}).with(Input::transposed)});
  s.add({Input({8, 5}).with(Input::strided), Input({5, 6}).with(Input::strided)});
  s.add({Input({65, 33}).with(Input::transposed), Input({33, 1})});
}

void batch_samples(Samples& s) {
  using Input = Sample::Input;
  const std::pair<Shape, Shape> shapes[] = {// of equal batches, and of one matrix with each
                                            {{4, 5, 6}, {4, 6, 7}},
                                            {{2, 2, 9, 5}, {2, 2, 5, 8}},
                                            {{5, 7, 6}, {6, 8}},
                                            {{7, 6}, {5, 6, 8}},
                                            // axes repeated on both sides, and between each other
                                            {{3, 1, 4, 5}, {1, 2, 5, 3}},
                                            {{2, 1, 3, 4, 5}, {2, 4, 1, 5, 6}},
                                            {{3, 1, 1, 5}, {4, 5, 1}},
                                            {{2, 1, 3, 1, 4}, {5, 3, 4, 1}},
                                            // vectors
                                            {{7}, {3, 7, 5}},
                                            {{3, 5, 7}, {7}},
                                            {{2, 1, 5, 7}, {4, 7, 1}},
                                            // empty
                                            {{0, 3, 4}, {4, 5}},
                                            {{0, 3, 4}, {1, 4, 5}},
                                            {{2, 3, 0}, {2, 0, 4}},
                                            {{3, 0, 4}, {3, 4, 2}},
                                            {{0}, {0}},
                                            // worth threads: many small products, few large ones
                                            {{300, 30, 32}, {300, 32, 30}},
                                            {{3, 150, 160}, {3, 160, 170}},
                                            {{40, 60, 100}, {100, 50}},
                                            {{30, 40}, {200, 40, 50}}};
  for (const auto& [x, y] : shapes) s.add({Input(x), Input(y)});
  s.add({Input({4, 5, 6}).with(Input::transposed), Input({4, 6, 7})});
  s.add({Input({4, 5, 6}), Input({4, 6, 7}).with(Input::transposed)});
  s.add({Input({3, 4, 5, 6}).with(Input::transposed), Input({6, 7}).with(Input::transposed)});
  s.add({Input({4, 5, 6}).with(Input::strided), Input({6, 7}).with(Input::strided)});
}

const BuiltinOp matmul_op({.name = "matmul",
                           .n_in = 2,
                           .dtype_rule = DTypeRule::promote,
                           .dtypes = {floating},
                           .infer = infer_matmul,
                           .differentiability = Differentiability::differentiable,
                           .gradient = {{.needs = input(1), .composition = gradient_in_x},
                                        {.needs = input(0), .composition = gradient_in_y}},
                           .flops =
                               [](const plugrad_call& c) {
                                 const DLTensor& x = operand(c, 0);
                                 return product_flops(c, static_cast<double>(plugin::size(result(c))) *
                                                             static_cast<double>(x.shape[x.ndim - 1]));
                               },
                           .samples =
                               [](Samples& s) {
                                 // Golden values are made of the first small ones.
                                 s.add({{3, 2}, {2, 4}});
                                 s.add({{2, 2, 3}, {2, 3, 2}});
                                 s.add({{2, 1, 1, 3}, {2, 3, 2}});
                                 s.add({{3}, {3}});
                                 s.add({{3}, {2, 3, 2}});
                                 s.add({{2, 2, 3}, {3}});
                                 matrix_samples(s);
                                 batch_samples(s);
                               }});

// What matmul would refuse, told under the name that was called.
void check_vectors(const char* op, const Array& x, const Array& y) {
  if (!x || !y) throw Error(fmt::format("{}: input {} is an empty array", op, x ? 1 : 0));
  if (x.ndim() != 1 || y.ndim() != 1)
    throw ShapeError(fmt::format("{}: needs two vectors, not shapes {} and {}", op, to_string(x.shape()),
                                 to_string(y.shape())));
  if (!(floating & set_of(promote(x.dtype(), y.dtype()))))
    throw DTypeError(fmt::format("{}: not defined for {}, {}", op, name(x.dtype()), name(y.dtype())));
  if (!(x.device() == y.device()))
    throw DeviceError(fmt::format("{}: operands on {} and {}; move one with .to(device)", op,
                                  to_string(x.device()), to_string(y.device())));
}

}  // namespace

Array matmul(const Array& x, const Array& y) { return matmul_op({x, y}); }

Array dot(const Array& x, const Array& y) {
  check_vectors("dot", x, y);
  if (x.dims()[0] != y.dims()[0])
    throw ShapeError(fmt::format("dot: lengths {} and {} differ", x.dims()[0], y.dims()[0]));
  return matmul_op({x, y});
}

Array outer(const Array& x, const Array& y) {
  check_vectors("outer", x, y);
  return matmul_op({unsqueeze(x, 1), unsqueeze(y, 0)});
}

}  // namespace plugrad

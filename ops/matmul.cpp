// The matrix product.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_matmul(Inference& i) {
  const Array &x = i.in(0), &y = i.in(1);
  if (x.ndim() != 2 || y.ndim() != 2) i.fail("needs matrices");
  if (x.dims()[1] != y.dims()[0]) i.fail("inner dimensions differ");
  i.out().shape = {x.dims()[0], y.dims()[1]};
  i.out().dtype = x.dtype();
}

const BuiltinOp matmul_op(
    {.name = "matmul",
     .n_in = 2,
     .dtype_rule = DTypeRule::promote,
     .dtypes = {floating},
     .infer = infer_matmul,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(1),
                   .composition = [](const Gradient& g) { return matmul(g.dy(), transpose(g.in(1))); }},
                  {.needs = input(0),
                   .composition = [](const Gradient& g) { return matmul(transpose(g.in(0)), g.dy()); }}},
     .samples = [](Samples& s) {
       using Input = Sample::Input;
       const std::array<int64_t, 3> sizes[] = {
           {3, 2, 4},  {1, 5, 1},   {4, 1, 4},    {0, 2, 3},    {2, 0, 3},    {2, 3, 0},    {7, 13, 1},
           {1, 13, 7}, {33, 17, 9}, {50, 64, 10}, {64, 50, 10}, {37, 41, 43}, {130, 70, 96}};
       for (const auto& [m, k, n] : sizes) s.add({Input({m, k}), Input({k, n})});
       s.add({Input({8, 5}).with(Input::transposed), Input({5, 6})});
       s.add({Input({8, 5}), Input({5, 6}).with(Input::transposed)});
       s.add({Input({8, 5}).with(Input::transposed), Input({5, 6}).with(Input::transposed)});
       s.add({Input({8, 5}).with(Input::strided), Input({5, 6}).with(Input::strided)});
       s.add({Input({65, 33}).with(Input::transposed), Input({33, 1})});
     }});

}  // namespace

Array matmul(const Array& x, const Array& y) {
  if (!x || !y || (x.ndim() == 2 && y.ndim() == 2)) return matmul_op({x, y});
  if (x.ndim() < 1 || y.ndim() < 1 || x.ndim() > 2 || y.ndim() > 2)
    throw ShapeError(fmt::format("matmul: needs matrices or vectors, not shapes {} and {}",
                                 to_string(x.shape()), to_string(y.shape())));
  const Array a = x.ndim() == 1 ? unsqueeze(x, 0) : x, b = y.ndim() == 1 ? unsqueeze(y, 1) : y;
  Array z = matmul_op({a, b});
  if (y.ndim() == 1) z = squeeze(z, 1);
  return x.ndim() == 1 ? squeeze(z, 0) : z;
}

}  // namespace plugrad

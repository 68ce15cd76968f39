// The layer of most networks: a matrix product and a bias in one.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/flops.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_linear(Inference& i) {
  const Array &x = i.in(0), &weight = i.in(1), &bias = i.in(2);
  if (x.ndim() < 1 || weight.ndim() != 2 || bias.ndim() != 1)
    i.fail("needs x [..., in], weight [in, out] and bias [out]");
  const int last = x.ndim() - 1;
  if (x.dims()[last] != weight.dims()[0])
    i.fail(fmt::format("x has {} features, and weight takes {}", x.dims()[last], weight.dims()[0]));
  if (bias.dims()[0] != weight.dims()[1])
    i.fail(fmt::format("weight gives {} features, and bias has {}", weight.dims()[1], bias.dims()[0]));
  i.out().shape = x.shape();
  i.out().shape[last] = bias.dims()[0];
  i.out().dtype = x.dtype();
}

// One row for each of the vectors of `columns` elements that the last axis of x holds.
Array rows_of(const Array& x) {
  const int64_t columns = x.dims()[x.ndim() - 1];
  int64_t rows = 1;
  for (int k = 0; k + 1 < x.ndim(); ++k) rows *= x.dims()[k];
  return reshape(x, {rows, columns});
}

const BuiltinOp linear_op(
    {.name = "linear",
     .n_in = 3,
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote,
     .dtypes = {floating},
     .infer = infer_linear,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(1),
                   .composition = [](const Gradient& g) { return matmul(g.dy(), transpose(g.in(1))); }},
                  {.needs = input(0),
                   .composition =
                       [](const Gradient& g) {
                         return matmul(transpose(rows_of(g.in(0))), rows_of(g.dy()));
                       }},
                  {.composition = [](const Gradient& g) { return sum_to(g.dy(), g.shape(2)); }}},
     .composition = [](const Composition& c) { c.out() = add(matmul(c.in(0), c.in(1)), c.in(2)); },
     .flops =
         [](const plugrad_call& c) {
           return product_flops(
               c, static_cast<double>(plugin::size(result(c))) * static_cast<double>(operand(c, 1).shape[0]));
         },
     .samples =
         [](Samples& s) {
           using Input = Sample::Input;
           const auto add = [&s](const Shape& x, int64_t out) {
             const int64_t in = x[x.ndim() - 1];
             s.add({Input(x), Input({in, out}), Input({out})});
           };
           add({3, 4}, 2);
           add({4}, 3);
           add({2, 2, 3}, 2);
           add({1, 1}, 1);
           for (const Shape& x : {Shape{0, 4}, Shape{3, 0}, Shape{2, 0, 3}, Shape{7, 13}, Shape{2, 3, 4, 5}})
             add(x, 6);
           add({3, 4}, 0);
           add({5, 40}, 1);
           add({100, 196}, 64);
           add({300, 90}, 10);
           add({20, 30, 50}, 40);
           s.add({Input({8, 5}).with(Input::transposed), Input({5, 6}).with(Input::transposed), Input({6})});
           s.add({Input({4, 3, 5}).with(Input::transposed), Input({5, 6}), Input({6}).with(Input::strided)});
           s.add({Input({4, 3, 5}).with(Input::strided), Input({5, 6}).with(Input::strided), Input({6})});
         }});

}  // namespace

Array linear(const Array& x, const Array& weight, const Array& bias) { return linear_op({x, weight, bias}); }

}  // namespace plugrad

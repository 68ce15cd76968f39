// Rows by index, and indices as rows of zeros and a one.
#include <fmt/format.h>

#include "plugrad/core/row_sparse.h"
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_embedding(Inference& i) {
  if (i.in(0).ndim() != 2) i.fail("needs a matrix of weights");
  i.out().shape = i.in(1).shape();
  i.out().shape.push_back(i.in(0).dims()[1]);
  i.out().dtype = i.in(0).dtype();
}

// The index as a vector, and the gradient of the row that each entry read.
SparseRows rows_read(const Gradient& g) {
  const int64_t n = g.in(1).size();
  return {reshape(g.in(1), n), reshape(g.dy(), Shape{n, g.shape(0)[1]})};
}

const BuiltinOp embedding_op({.name = "embedding",
                              .n_in = 2,
                              .dtype_rule = DTypeRule::separate,
                              .dtypes = {floating, integers},
                              .infer = infer_embedding,
                              .differentiability = Differentiability::differentiable,
                              .gradient = {{.needs = input(1),
                                            .composition =
                                                [](const Gradient& g) {
                                                  const Shape s = g.shape(0);
                                                  const SparseRows r = rows_read(g);
                                                  return index_add(zeros(s, g.dtype(), g.device()), 0,
                                                                   r.index, r.rows);
                                                },
                                            .sparse =
                                                [](const Gradient& g) {
                                                  const Shape s = g.shape(0);
                                                  const bool few = worth_sparse_rows(g.in(1).size(), s[0]);
                                                  return few ? row_sparse(s, rows_read(g)) : Array();
                                                }}},
                              .samples = [](Samples& s) {
                                const auto index = [](const Shape& shape, double high) {
                                  return Sample::Input(shape, int32, 0, high);
                                };
                                s.add({{5, 3}, index({4}, 5)});
                                s.add({{5, 3}, index({}, 5)});
                                s.add({{5, 3}, index({2, 3}, 5)});
                                s.add({{5, 3}, index({0}, 5)});
                                s.add({{5, 0}, index({2}, 5)});
                                s.add({{84, 256}, index({128}, 84)});
                                s.add({{7, 4}, Sample::Input({9}, int64, 0, 7)});
                                s.add({Sample::Input({6, 4}).with(Sample::Input::transposed),
                                       index({6}, 6).with(Sample::Input::strided)});
                              }});

const BuiltinOp one_hot_op({.name = "one_hot",
                            .attributes = {"classes"},
                            .dtypes = {integers},
                            .infer =
                                [](Inference& i) {
                                  if (i.integer(0) < 0) i.fail(fmt::format("{} classes", i.integer(0)));
                                  i.out().shape = i.in(0).shape();
                                  i.out().shape.push_back(i.integer(0));
                                  i.out().dtype = float32;
                                },
                            .differentiability = Differentiability::locally_constant,
                            .samples =
                                [](Samples& s) {
                                  s.add({Sample::Input({5}, int32, 0, 4)}, {4});
                                  s.add({Sample::Input({2, 3}, int64, 0, 4)}, {6});
                                  s.add({Sample::Input({}, int32, 0, 4)}, {4});
                                  s.add({Sample::Input({0}, int32, 0, 4)}, {4});
                                  s.add({Sample::Input({6}, int32, 0, 4).with(Sample::Input::strided)}, {4});
                                }});

}  // namespace

Array embedding(const Array& weight, const Array& index) { return embedding_op({weight, index}); }
Array one_hot(const Array& index, int64_t classes) { return one_hot_op({index}, {classes}); }

}  // namespace plugrad

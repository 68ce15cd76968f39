// The loss of classification: softmax and negative log-likelihood in one.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_cross_entropy(Inference& i) {
  if (i.in(0).ndim() != 2 || i.in(1).ndim() != 1) i.fail("needs a matrix of logits and a vector of labels");
  if (i.in(0).dims()[0] != i.in(1).dims()[0]) i.fail("needs a label for each row of logits");
  i.out().shape.set_ndim(0);
  i.out().dtype = i.in(0).dtype();
}

Array labels_as_rows(const Array& labels, const Array& logits) {
  return cast(one_hot(labels, logits.dims()[1]), logits.dtype());
}

const BuiltinOp cross_entropy_op(
    {.name = "cross_entropy",
     .n_in = 2,
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::separate,
     .dtypes = {floating, integers},
     .infer = infer_cross_entropy,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(0) | input(1),
                   .composition =
                       [](const Gradient& g) {
                         const Array& logits = g.in(0);
                         const double rows = static_cast<double>(logits.dims()[0]);
                         return (softmax(logits) - labels_as_rows(g.in(1), logits)) * (g.dy() / rows);
                       }}},
     .composition =
         [](const Composition& c) {
           const Array& logits = c.in(0);
           const Array picked = sum(log_softmax(logits) * labels_as_rows(c.in(1), logits), 1);
           c.out() = -mean(picked);
         },
     .samples =
         [](Samples& s) {
           const auto labels = [](int64_t n, double classes) {
             return Sample::Input({n}, int32, 0, classes);
           };
           s.add({Sample::Input({1, 1}, -3, 3), labels(1, 1)});
           s.add({Sample::Input({3, 4}, -3, 3), labels(3, 4)});
           s.add({Sample::Input({100, 10}, -9, 9), labels(100, 10)});
           s.add({Sample::Input({128, 84}, -9, 9), labels(128, 84)});
           s.add({Sample::Input({9, 5}, -3, 3).with(Sample::Input::transposed), labels(9, 5)});
           s.add({Sample::Input({6, 7}, -3, 3), Sample::Input({6}, int64, 0, 7)});
           s.add({Sample::Input({900, 300}, -3, 3), labels(900, 300)});
         }});

}  // namespace

Array cross_entropy(const Array& logits, const Array& labels) { return cross_entropy_op({logits, labels}); }

}  // namespace plugrad

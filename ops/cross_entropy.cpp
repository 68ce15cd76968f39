// The losses of classification: softmax and negative log-likelihood in one, and the latter alone.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_rows_and_labels(Inference& i, const char* wanted) {
  if (i.in(0).ndim() != 2 || i.in(1).ndim() != 1) i.fail(wanted);
  if (i.in(0).dims()[0] != i.in(1).dims()[0]) i.fail("needs a label for each row");
  i.out().shape.set_ndim(0);
  i.out().dtype = i.in(0).dtype();
}

// What compositions need of the labels of x [n, classes].
struct Labels {
  Array counts;  // bool [n, 1]: does the row count?
  Array hot;     // bool [n, classes]: true at the labels of rows that count
  Array rows;    // how many do: a scalar of x's dtype

  Labels(const Array& x, const Array& labels, int64_t ignore_index) {
    const int64_t n = x.dims()[0], classes = x.dims()[1];
    if (ignore_index == no_ignore_index) {
      counts = full(Shape{n, 1}, 1, bool_, x.device());
      hot = cast(one_hot(labels, classes), bool_);
      rows = scalar_like(x, n);
      return;
    }
    const Array kept = not_equal(cast(labels, int64), ignore_index);
    counts = unsqueeze(kept, 1);
    hot = greater(one_hot(where(kept, labels, scalar_like(labels, 0)), classes) * cast(counts, float32), 0);
    rows = cast(sum(kept), x.dtype());
  }
};

Array picked_mean(const Array& x, const Labels& labels) {
  return -(sum(where(labels.hot, x, scalar_like(x, 0))) / labels.rows);
}
// dy over the number of rows; where none counts, no row's gradient is other than 0.
Array share(const Gradient& g, const Labels& labels) { return g.dy() / maximum(labels.rows, 1); }

// Labels from -1 on: rows that are ignored, if that is the index to ignore.
void samples(Samples& s, double low, double high) {
  const auto labels = [](int64_t n, double classes, DType dtype = int32) {
    return Sample::Input({n}, dtype, 0, classes);
  };
  const auto some_ignored = [](int64_t n, double classes, DType dtype = int32) {
    return Sample::Input({n}, dtype, -1, classes);
  };
  s.add({Sample::Input({1, 1}, low, high), labels(1, 1)}, {no_ignore_index});
  s.add({Sample::Input({3, 4}, low, high), labels(3, 4)}, {no_ignore_index});
  s.add({Sample::Input({5, 3}, low, high), some_ignored(5, 3)}, {-1});
  s.add({Sample::Input({6, 2}, low, high), labels(6, 2, int64)}, {1});
  s.add({Sample::Input({4, 3}, low, high), labels(4, 3)}, {-100});
  s.add({Sample::Input({100, 10}, 3 * low, 3 * high), labels(100, 10)}, {no_ignore_index});
  s.add({Sample::Input({128, 84}, 3 * low, 3 * high), labels(128, 84)}, {83});
  s.add({Sample::Input({9, 5}, low, high).with(Sample::Input::transposed), labels(9, 5)}, {no_ignore_index});
  s.add({Sample::Input({9, 5}, low, high).with(Sample::Input::strided),
         some_ignored(9, 5, int64).with(Sample::Input::strided)},
        {-1});
  s.add({Sample::Input({6, 7}, low, high), labels(6, 7, int64)}, {no_ignore_index});
  s.add({Sample::Input({900, 300}, low, high), labels(900, 300)}, {no_ignore_index});
  s.add({Sample::Input({900, 300}, low, high), some_ignored(900, 9)}, {-1});
}

constexpr OpSchema family{.n_in = 2,
                          .attributes = {"ignore_index"},
                          .kind = OpKind::composite,
                          .dtype_rule = DTypeRule::separate,
                          .dtypes = {floating, integers},
                          .differentiability = Differentiability::differentiable};

const BuiltinOp cross_entropy_op([] {
  OpSchema s = family;
  s.name = "cross_entropy";
  s.infer = [](Inference& i) { infer_rows_and_labels(i, "needs a matrix of logits and a vector of labels"); };
  s.gradient[0] = {.needs = input(0) | input(1), .composition = [](const Gradient& g) {
                     const Array& logits = g.in(0);
                     const Labels labels(logits, g.in(1), g.integer(0));
                     const Array slope = softmax(logits) - cast(labels.hot, logits.dtype());
                     return where(labels.counts, slope * share(g, labels), scalar_like(logits, 0));
                   }};
  s.composition = [](const Composition& c) {
    c.out() = picked_mean(log_softmax(c.in(0)), Labels(c.in(0), c.in(1), c.integer(0)));
  };
  s.samples = [](Samples& all) { samples(all, -3, 3); };
  return s;
}());

const BuiltinOp nll_op([] {
  OpSchema s = family;
  s.name = "nll";
  s.infer = [](Inference& i) {
    infer_rows_and_labels(i, "needs a matrix of log-probabilities and a vector of labels");
  };
  s.gradient[0] = {.needs = input(0) | input(1), .composition = [](const Gradient& g) {
                     const Labels labels(g.in(0), g.in(1), g.integer(0));
                     return -(cast(labels.hot, g.dtype()) * share(g, labels));
                   }};
  s.composition = [](const Composition& c) {
    c.out() = picked_mean(c.in(0), Labels(c.in(0), c.in(1), c.integer(0)));
  };
  s.samples = [](Samples& all) { samples(all, -3, 0); };
  return s;
}());

}  // namespace

Array cross_entropy(const Array& logits, const Array& labels, int64_t ignore_index) {
  return cross_entropy_op({logits, labels}, {ignore_index});
}
Array nll(const Array& log_probs, const Array& labels, int64_t ignore_index) {
  return nll_op({log_probs, labels}, {ignore_index});
}

}  // namespace plugrad

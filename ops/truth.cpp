// Whether all, or any, elements along axes are true, which those are that are not 0.
#include "plugrad/ops/reductions.h"

namespace plugrad {

namespace {

constexpr OpSchema quantifier(const char* name, void (*samples)(Samples&)) {
  return {.name = name,
          .attributes = {"axes", "keepdims"},
          .dtypes = {any_dtype},
          .infer =
              [](Inference& i) {
                infer_reduction(i);
                i.out().dtype = bool_;
              },
          .differentiability = Differentiability::locally_constant,
          .samples = samples};
}

// Integers of `of_ones` are 1 but for a few, the others 0 but for a few: else each result were the same.
void samples(Samples& s, double low, double high) {
  reduction_samples(s, {-1, 1});
  empty_reduction_samples(s);
  for (const DType dtype : {int32, int64}) {
    s.add({Sample::Input({20, 4}, dtype, low, high)}, {Axes{1}, false});
    s.add({Sample::Input({4, 40}, dtype, low, high)}, {Axes{0}, true});
    s.add({Sample::Input({5, 4, 3}, dtype, low, high).with(Sample::Input::transposed)}, {Axes{2, 0}, false});
  }
  s.add({Sample::Input({40, 2}, bool_, 0, 2)}, {Axes{1}, false});
  s.add({Sample::Input({3, 100}, bool_, 0, 2)}, {Axes{0}, false});
}

const BuiltinOp all_op(quantifier("all", [](Samples& s) { samples(s, 0, 6); }));
const BuiltinOp any_op(quantifier("any", [](Samples& s) { samples(s, 0, 2); }));

}  // namespace

Array all(const Array& x, const Axes& axes, bool keepdims) { return all_op({x}, {axes, keepdims}); }
Array any(const Array& x, const Axes& axes, bool keepdims) { return any_op({x}, {axes, keepdims}); }

}  // namespace plugrad

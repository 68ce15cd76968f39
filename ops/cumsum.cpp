// Running sums along an axis.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// y[k] is the sum of the elements up to k; with `reverse`, of those from k on, which is the gradient's form.
const BuiltinOp cumsum_op({.name = "cumsum",
                           .attributes = {"axis", "reverse"},
                           .dtypes = {floating | set_of(int64)},
                           .infer =
                               [](Inference& i) {
                                 i.axis(0);
                                 infer_same(i);
                               },
                           .differentiability = Differentiability::differentiable,
                           .gradient_form = GradientForm::trivial,
                           .gradient = {{.composition =
                                             [](const Gradient& g) {
                                               return cumsum(g.dy(), g.integer(0), g.integer(1) == 0);
                                             }}},
                           .samples =
                               [](Samples& s) {
                                 const auto both_ways = [&s](const Sample::Input& x, int64_t axis) {
                                   s.add({x}, {axis, false});
                                   s.add({x}, {axis, true});
                                 };
                                 both_ways({5}, 0);
                                 both_ways({2, 3}, 1);
                                 both_ways({2, 3}, -2);
                                 both_ways({3, 4, 2}, 1);
                                 both_ways({1}, 0);
                                 both_ways({0, 3}, 0);
                                 both_ways({3, 0}, 0);
                                 both_ways(Sample::Input({3, 7}).with(Sample::Input::strided), 1);
                                 both_ways(Sample::Input({40, 50}).with(Sample::Input::transposed), 0);
                                 both_ways({3000}, 0);
                                 both_ways({9000}, 0);
                                 both_ways({70, 33}, 0);
                                 both_ways({300, 1000}, 0);
                                 both_ways({300, 1000}, 1);
                                 both_ways(Sample::Input({6, 7}, int64, -5, 5), 1);
                               }});

}  // namespace

Array cumsum(const Array& x, int64_t axis, bool reverse) {
  const bool narrow = x && !is_floating(x.dtype());
  return cumsum_op({narrow ? cast(x, int64) : x}, {axis, reverse});
}

}  // namespace plugrad

// Dropout (Srivastava et al. 2014): elements left out at random, so that a network learns not to rely on any.
//
// The mask is a function of seed, offset and element alone, as random numbers are (random.cpp). It is made
// again where the gradient needs it, and never kept.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

bool is_probability(double p) { return p >= 0 && p <= 1; }

void samples(Samples& s) {
  using Input = Sample::Input;
  const int64_t large_seed = 0x123456789abcdef;
  for (const Shape& shape :
       {Shape{}, Shape{1}, Shape{7}, Shape{2, 3}, Shape{0}, Shape{3, 0, 2}, Shape{257}}) {
    s.add({shape}, {0.5, 0, 0});
    s.add({shape}, {0.1, large_seed, 3});
  }
  s.add({{9}}, {0.0, 1, 0});
  s.add({{9}}, {1.0, 1, 0});
  s.add({Input({17, 5}).with(Input::strided)}, {0.3, 1, 1});
  s.add({Input({4, 3, 5}).with(Input::transposed)}, {0.3, 1, 2});
  s.add({{300, 1000}}, {0.5, 1, 3});
}

const BuiltinOp dropout_op(
    {.name = "dropout",
     .attributes = {"p", "seed", "offset"},
     .kind = OpKind::composite,
     .dtypes = {floating},
     .infer =
         [](Inference& i) {
           if (!is_probability(i.real(0))) i.fail(fmt::format("{} is no probability", i.real(0)));
           infer_same(i);
         },
     .differentiability = Differentiability::differentiable,
     .gradient_form = GradientForm::trivial,
     .gradient = {{.composition =
                       [](const Gradient& g) {
                         return dropout_op({g.dy()}, {g.real(0), g.integer(1), g.integer(2)});
                       }}},
     .composition =
         [](const Composition& c) {
           const Array& x = c.in(0);
           const double p = c.real(0);
           Generator g{static_cast<uint64_t>(c.integer(1)), static_cast<uint64_t>(c.integer(2))};
           const Array kept = logical_not(bernoulli(x.shape(), p, g, x.device()));
           c.out() = x * (cast(kept, x.dtype()) * (p < 1 ? 1 / (1 - p) : 0));
         },
     .samples = samples});

}  // namespace

Array dropout(const Array& x, double p, Generator& g) {
  if (!is_probability(p)) throw ShapeError(fmt::format("dropout: {} is no probability", p));
  if (p == 0 || !is_training()) return x;
  Array y = dropout_op({x}, {p, g.seed, g.offset});
  ++g.offset;
  return y;
}

}  // namespace plugrad

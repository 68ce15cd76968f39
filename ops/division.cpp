// Division rounded down, and what it leaves.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

using Input = Sample::Input;

// Integers of both signs, zeros among the divisors.
void integer_samples(Samples& s) {
  for (const DType dtype : {int32, int64}) {
    s.add({Input({40}, dtype, -20, 20), Input({40}, dtype, -4, 4)});
    s.add({Input({40}, dtype, -20, 20), Input({}, dtype, -1, 0)});
  }
}

const BuiltinOp floor_divide_op([] {
  OpSchema s = binary;
  s.name = "floor_divide";
  s.differentiability = Differentiability::locally_constant;
  s.samples = [](Samples& samples) {
    binary_samples(samples, {-5, 5}, {0.5, 2});
    samples.add({Input({40}, -9, 9), Input({40}, -2, -0.5)});
    integer_samples(samples);
  };
  return s;
}());

const BuiltinOp remainder_op(differentiable(
    binary, "remainder", {.composition = [](const Gradient& g) { return g.dy(); }},
    {.needs = input(0) | input(1),
     .composition = [](const Gradient& g) { return -(g.dy() * floor_divide(g.in(0), g.in(1))); }},
    [](Samples& s) {  // quotients that are not near the whole numbers, where the remainder jumps
      binary_samples(s, {2.2, 2.8}, {0.95, 1.05});
      s.add({Input({40}, -8.8, -8.3), Input({40}, 0.98, 1.01)});
      s.add({Input({40}, 8.3, 8.8), Input({40}, -1.01, -0.98)});
      s.add({Input({40}, -0.9, -0.1), Input({40}, -2, -1)});
      integer_samples(s);
    }));

}  // namespace

Array floor_divide(const Array& x, const Array& y) { return floor_divide_op({x, y}); }
Array remainder(const Array& x, const Array& y) { return remainder_op({x, y}); }

}  // namespace plugrad

// Values moved between two bounds.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// Not a whole number, and not infinite.
bool is_fraction(double x) { return std::isfinite(x) && x != std::floor(x); }

// The least integer of the dtype; the largest one is below its negative.
double least(DType d) { return d == int32 ? -0x1p31 : -0x1p63; }

void check_integer_bounds(Inference& i, DType d, double low, double high) {
  if (is_fraction(low) || is_fraction(high))
    i.fail(fmt::format("needs whole numbers as bounds of integers, not low {} and high {}", low, high));
  if (low >= -least(d) || high < least(d))
    i.fail(fmt::format("no {} lies between low {} and high {}", name(d), low, high));
}

void infer(Inference& i) {
  const DType d = i.in(0).dtype();
  const double low = i.real(0), high = i.real(1);
  if (!(low <= high)) i.fail(fmt::format("needs low <= high, not low {} and high {}", low, high));
  if (!is_floating(d)) check_integer_bounds(i, d, low, high);
  infer_same(i);
}

void samples(Samples& s) {
  using Input = Sample::Input;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const Shape& shape :
       {Shape{5}, Shape{}, Shape{1}, Shape{0}, Shape{2, 3}, Shape{257}, Shape{300, 1000}})
    s.add({Input(shape, -3, 3)}, {-1.0, 2.0});
  s.add({Input({7, 5}, -2, 2).with(Input::strided)}, {-1.0, 1.0});
  s.add({Input({4, 3, 5}, -2, 2).with(Input::transposed)}, {-1.0, 1.0});
  for (const auto& [low, high] : {Domain{0, infinity}, {-infinity, 1}, {-infinity, infinity}, {1, 1}})
    s.add({Input({20}, -2, 2)}, {low, high});
  s.add({Input({20}, DType::float64, -2, 2)}, {-0.75, 0.3});
  for (const auto& [dtype, end] : {std::pair{int32, 0x1p31}, {int64, 0x1p63}}) {  // just beyond the integers
    s.add({Input({20}, dtype, -9, 9)}, {-4.0, end});
    s.add({Input({20}, dtype, -9, 9)}, {-end, 4.0});
  }
}

// dy at the bounds, too, as in PyTorch.
Array gradient(const Gradient& g) {
  const Array &x = g.in(0), zero = scalar_like(g.dy(), 0);
  const Array within_high = where(less_equal(x, g.real(1)), g.dy(), zero);
  return where(greater_equal(x, g.real(0)), within_high, zero);
}

// Bounds beyond the integers bound none.
void compose(const Composition& c) {
  const Array& x = c.in(0);
  const double low = c.real(0), high = c.real(1);
  if (is_floating(x.dtype())) {
    c.out() = minimum(maximum(x, low), high);
  } else {
    const Array above = low > least(x.dtype()) ? maximum(x, static_cast<int64_t>(low)) : x;
    c.out() = high < -least(x.dtype()) ? minimum(above, static_cast<int64_t>(high)) : above;
  }
}

const BuiltinOp clamp_op([] {
  OpSchema s = composite(
      differentiable(unary, "clamp", {.needs = input(0), .composition = gradient}, samples), compose);
  s.attributes[0] = "low";
  s.attributes[1] = "high";
  s.dtype_rule = DTypeRule::same;
  s.dtypes[0] = numbers;
  s.infer = infer;
  return s;
}());

}  // namespace

Array clamp(const Array& x, double low, double high) {
  const bool makes_fractions = x && !is_floating(x.dtype()) && (is_fraction(low) || is_fraction(high));
  return clamp_op({makes_fractions ? cast(x, float32) : x}, {low, high});
}

}  // namespace plugrad

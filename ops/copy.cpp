// Copies: to another dtype, to memory of their own, and of one value everywhere.
#include "plugrad/core/core_ops.h"
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// An attribute that holds a dtype, checked.
DType dtype_attribute(Inference& i, int attribute) {
  const int64_t d = i.integer(attribute);
  if (d < 0 || d >= n_dtypes) i.fail("no such dtype");
  return static_cast<DType>(d);
}

const BuiltinOp cast_op(
    {.name = "cast",
     .attributes = {"dtype", "from"},
     .dtypes = {any_dtype},
     .infer =
         [](Inference& i) {
           infer_same(i);
           i.out().dtype = dtype_attribute(i, 0);
         },
     .differentiability = Differentiability::differentiable,
     .gradient_form = GradientForm::trivial,
     .gradient = {{.composition =
                       [](const Gradient& g) { return cast(g.dy(), static_cast<DType>(g.integer(1))); }}},
     .samples =
         [](Samples& s) {
           s.add({{2, 3}}, {float64, float32});
           s.add({{2, 3}}, {float32, float32});
           s.add({Sample::Input({40}, -5, 5)}, {int32, float32});
           s.add({Sample::Input({40}, -5, 5)}, {int64, float32});
           s.add({Sample::Input({40}, int32, -2, 3)}, {bool_, int32});
           s.add({Sample::Input({40}, int64, -2, 3)}, {float32, int64});
           s.add({Sample::Input({40}, bool_, 0, 2)}, {float32, bool_});
           s.add({Sample::Input({7, 5}).with(Sample::Input::transposed)}, {float64, float32});
           s.add({Shape{0}}, {int32, float32});
           s.add({Shape{}}, {float64, float32});
         }});

const BuiltinOp copy_op([] {
  OpSchema s = differentiable(unary, "copy", {.composition = [](const Gradient& g) { return g.dy(); }});
  s.dtype_rule = DTypeRule::same;
  s.dtypes[0] = any_dtype;
  s.gradient_form = GradientForm::trivial;
  return s;
}());

const BuiltinOp full_op({.name = "full",
                         .n_in = 0,
                         .attributes = {"shape", "value", "dtype"},
                         .infer =
                             [](Inference& i) {
                               i.out().shape = i.shape(0);
                               i.out().dtype = dtype_attribute(i, 2);
                             },
                         .differentiability = Differentiability::locally_constant,
                         .samples =
                             [](Samples& s) {
                               s.add({}, {Shape{2, 3}, 1.5, float32});
                               s.add({}, {Shape{}, -2.0, float64});
                               s.add({}, {Shape{0}, 1.0, int32});
                               s.add({}, {Shape{5}, 7.0, int64});
                               s.add({}, {Shape{5}, 1.0, bool_});
                             }});

// Of one element, written directly where the host can.
template <class T>
Array scalar(T value, DType dtype, Device device) {
  if (!detail::on_host(device)) return detail::call_full({}, static_cast<double>(value), dtype, device);
  Array a = Array::empty(detail::thread_state(), nullptr, 0, dtype, device);
  void* to = static_cast<char*>(a.tensor().data);
  const bool known = with_type(dtype, [&](auto element) {
    element = static_cast<decltype(element)>(value);
    std::memcpy(to, &element, sizeof element);
  });
  return known ? a : detail::call_full({}, static_cast<double>(value), dtype, device);
}

}  // namespace

Array cast(const Array& x, DType dtype) {
  return x && x.dtype() == dtype ? x : cast_op({x}, {dtype, x ? x.dtype() : dtype});
}
Array copy(const Array& x) { return copy_op({x}); }
Array contiguous(const Array& x) { return x && x.contiguous() ? x : copy(x); }

Array full(const Shape& shape, double value, DType dtype, Device device) {
  return full_op(device, {shape, value, dtype});
}
Array zeros(const Shape& shape, DType dtype, Device device) { return full(shape, 0, dtype, device); }
Array ones(const Shape& shape, DType dtype, Device device) { return full(shape, 1, dtype, device); }
Array full_like(const Array& x, double value) { return full(x.shape(), value, x.dtype(), x.device()); }

Array scalar_like(const Array& x, double value) {
  return scalar(value, is_floating(x.dtype()) ? x.dtype() : float32, x.device());
}
Array scalar_like(const Array& x, int64_t value) {
  return scalar(value, x.dtype() == DType::bool_ ? int64 : x.dtype(), x.device());
}

}  // namespace plugrad

// Writing in place to what a subscript names.
#include <fmt/format.h>

#include "plugrad/core/tape.h"
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"
#include "plugrad/ops/subscript.h"

namespace plugrad {

namespace {

// x with `value` in place of all of it, or, with an index, of what that selects.
void infer_assign(Inference& i) {
  infer_same(i);
  if (i.n_in() > 3) i.fail("takes an array, a value and an index");
  if (i.in(1).dtype() != i.in(0).dtype()) i.fail("needs both arrays of one dtype");
  if (i.n_in() == 2 && i.count(0) > 0) i.fail("axes for no index");
  const Shape selected = i.n_in() == 2 ? i.in(0).shape() : selection_shape(i, i.in(2));
  if (!(i.in(1).shape() == selected)) i.fail("needs a value of shape " + to_string(selected));
}

void assign_samples(Samples& s) {
  using Input = Sample::Input;
  const auto index = [](const Shape& shape, double high) { return Input(shape, int32, 0, high); };
  s.add({{5, 3}, {4, 3}, index({4}, 5)}, {Axes{0}, 0});
  s.add({{5, 3}, {5, 40}, index({40}, 3)}, {Axes{1}, 1});
  s.add({{2, 3, 4}, {3, 9}, index({9}, 8)}, {Axes{0, 2}, 1});
  s.add({{2, 3, 4}, {5, 2}, index({5}, 12)}, {Axes{2, 1}, 0});
  s.add({{7, 6}, {2, 4}, Input({2, 4}, int64, 0, 42)}, {Axes{0, 1}, 0});
  s.add({{}, {3}, index({3}, 1)}, {Axes{}, 0});
  s.add({{5, 3}, {0, 3}, index({0}, 5)}, {Axes{0}, 0});
  s.add({{5, 0}, {2, 0}, index({2}, 5)}, {Axes{0}, 0});
  s.add({Input({6, 4}).with(Input::transposed), Input({8, 4}).with(Input::transposed),
         index({8}, 6).with(Input::strided)},
        {Axes{0}, 0});
  s.add({{7, 4}, {3000, 4}, index({3000}, 7)}, {Axes{0}, 0});
  s.add({{400, 900}, {400, 700}, index({700}, 900)}, {Axes{1}, 1});
  s.add({{2, 3}, {2, 3}}, {Axes{}, 0});
  s.add({Shape{}, Shape{}}, {Axes{}, 0});
  s.add({{0, 3}, {0, 3}}, {Axes{}, 0});
  s.add({{5, 4}, Input({5, 4}).with(Input::transposed)}, {Axes{}, 0});
}

const BuiltinOp assign_op({.name = "assign",
                           .n_in = -2,
                           .attributes = {"axes", "position"},
                           .dtype_rule = DTypeRule::separate,
                           .dtypes = {any_dtype, any_dtype, integers},
                           .infer = infer_assign,
                           .in_place = true,
                           .strided_in_place = true,
                           .differentiability = Differentiability::no_gradient,
                           .samples = assign_samples});

// `value` as the elements that are written: repeated to `shape` by NumPy's rule for assignment, which lets
// leading axes of length 1 go.
Array fitted(const Array& value, const Shape& shape) {
  Array v = value;
  while (v.ndim() > shape.ndim() && v.dims()[0] == 1) v = v[0];
  Shape joined = v.shape();
  if (!join_broadcast(joined, shape) || !(joined == shape))
    throw ShapeError(fmt::format("assign: a value of shape {} does not fit into {}", to_string(value.shape()),
                                 to_string(shape)));
  return expand(v, shape);
}

}  // namespace

void assign(Array& x, std::span<const Index> indices, const Array& value) {
  check_overwritable(assign_op.row(), x);
  if (!value) throw Error("assign: an empty array as the value");
  if (is_recording() && value.epoch() == detail::thread_state().epoch)
    throw Error("assign: the value is being recorded, and would lose its gradient; detach it");
  const NoGrad off;
  const Subscript s = read_subscript("assign", x, indices);
  Array target = view_of(x, s);
  // Of its own, as an index may bring elements of x elsewhere.
  const Array own = value.storage() == x.storage() ? copy(value) : cast(value, x.dtype());
  if (s.arrays.empty()) return assign_op.in_place(target, {fitted(own, s.shape)}, {Axes{}, 0});
  const auto [arrays, shape] = selection_numbers("assign", s);
  const Array v = fitted(own, selection_shape("assign", s.shape, shape, s.selection));
  const bool mask_alone = arrays.size() == 1 && s.arrays[0].dtype() == bool_;
  const Array index = mask_alone ? arrays[0] : ravel_index(arrays, s.lengths);  // checked before x is touched
  assign_op.in_place(target, {v, index}, {s.selection.axes, s.selection.position});
}

}  // namespace plugrad

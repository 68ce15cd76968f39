// Elements and rows chosen by an index, and what is added to them.
#include <fmt/format.h>

#include "plugrad/core/row_sparse.h"
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"
#include "plugrad/ops/selection.h"

namespace plugrad {

Shape selection_shape(const char* op, const Shape& x, const Shape& index, const Selection& s) {
  uint32_t selected = 0;
  for (int k = 0; k < s.axes.size(); ++k) selected |= 1U << normalize_axis(s.axes[k], x, op);
  const int rest = x.ndim() - s.axes.size();
  if (s.position < 0 || s.position > rest)
    throw ShapeError(fmt::format("{}: position {} is not among {} other axes", op, s.position, rest));
  if (rest + index.ndim() > max_ndim) throw ShapeError(fmt::format("{}: more than {} axes", op, max_ndim));
  Shape shape;
  const auto place_index = [&] {
    for (int k = 0; k < index.ndim(); ++k) shape.push_back(index[k]);
  };
  if (s.position == 0) place_index();
  for (int k = 0, placed = 0; k < x.ndim(); ++k) {
    if (selected >> k & 1) continue;
    shape.push_back(x[k]);
    if (++placed == s.position) place_index();
  }
  return shape;
}

Shape selection_shape(const Inference& i, const Array& index) {
  if (i.count(0) > 0) i.axes(0);  // checks range and repetition
  Selection s{{}, i.integer(1)};
  for (int k = 0; k < i.count(0); ++k) s.axes.push_back(i.integers(0)[k]);
  return selection_shape(i.op().name, i.in(0).shape(), index.shape(), s);
}

namespace {

using Input = Sample::Input;

Input index_input(const Shape& shape, double low, double high) { return Input(shape, int32, low, high); }

Selection selection_of(const Gradient& g) { return {g.axes(0), g.integer(1)}; }

// ---- ravel_index ----

void infer_ravel_index(Inference& i) {
  if (i.count(0) != i.n_in()) i.fail(fmt::format("{} lengths for {} indices", i.count(0), i.n_in()));
  int64_t product = 1;
  for (int k = 0; k < i.n_in(); ++k) {
    const int64_t length = i.integers(0)[k];
    if (length < 0) i.fail(fmt::format("negative length {}", length));
    if (__builtin_mul_overflow(product, length, &product)) i.fail("lengths whose product is no int64");
  }
  infer_broadcast(i);
  i.out().dtype = int64;
}

const BuiltinOp ravel_index_op(
    {.name = "ravel_index",
     .n_in = -1,
     .attributes = {"lengths"},
     .dtype_rule = DTypeRule::promote,
     .dtypes = {integers},
     .infer = infer_ravel_index,
     .broadcasts = true,
     .differentiability = Differentiability::locally_constant,
     .samples = [](Samples& s) {
       s.add({index_input({4}, -3, 3), index_input({4}, -5, 5)}, {Axes{3, 5}});
       s.add({index_input({7}, -3, 3)}, {Axes{3}});
       s.add({index_input({}, -3, 3)}, {Axes{3}});
       s.add({index_input({0}, 0, 1)}, {Axes{0}});
       s.add({index_input({3, 1}, 0, 3), Input({4}, int64, -2, 2)}, {Axes{3, 2}});
       s.add({index_input({2, 3}, -2, 2), index_input({}, 0, 1), index_input({2, 1}, 0, 6)}, {Axes{2, 1, 6}});
       s.add({index_input({5, 3}, -9, 9).with(Input::transposed),
              index_input({5, 3}, -9, 9).with(Input::strided)},
             {Axes{9, 9}});
       s.add({Input({600, 1000}, int64, -50, 50)}, {Axes{50}});
     }});

// ---- index_add ----

void infer_index_add(Inference& i) {
  infer_same(i);
  if (i.in(2).dtype() != i.in(0).dtype()) i.fail("needs both arrays of one dtype");
  const Shape source = selection_shape(i, i.in(1));
  if (!(i.in(2).shape() == source)) i.fail("needs a source of shape " + to_string(source));
}

void index_add_samples(Samples& s) {
  s.add({{5, 3}, index_input({4}, 0, 5), {4, 3}}, {Axes{0}, 0});
  s.add({{5, 3}, index_input({40}, 0, 3), {5, 40}}, {Axes{1}, 1});
  s.add({{5, 3}, index_input({2, 2}, 0, 3), {2, 2, 5}}, {Axes{1}, 0});
  s.add({{2, 3, 4}, index_input({9}, 0, 8), {3, 9}}, {Axes{0, 2}, 1});
  s.add({{2, 3, 4}, index_input({5}, 0, 12), {5, 2}}, {Axes{2, 1}, 0});
  s.add({{}, index_input({3}, 0, 1), {3}}, {Axes{}, 0});
  s.add({{5}, index_input({}, 0, 5), Shape{}}, {Axes{0}, 0});
  s.add({{5, 3}, index_input({0}, 0, 5), {0, 3}}, {Axes{0}, 0});
  s.add({{5, 0}, index_input({2}, 0, 5), {2, 0}}, {Axes{0}, 0});
  s.add({{2, 1, 6}, Input({7}, int64, 0, 12), {1, 7}}, {Axes{0, -1}, 1});
  s.add({Input({6, 4}).with(Input::transposed), index_input({8}, 0, 6).with(Input::strided),
         Input({8, 4}).with(Input::transposed)},
        {Axes{0}, 0});
  s.add({{7, 4}, index_input({3000}, 0, 7), {3000, 4}}, {Axes{0}, 0});
  s.add({{400, 900}, index_input({700}, 0, 900), {400, 700}}, {Axes{1}, 1});
}

const BuiltinOp index_add_op({.name = "index_add",
                              .n_in = 3,
                              .attributes = {"axes", "position"},
                              .dtype_rule = DTypeRule::separate,
                              .dtypes = {numbers, integers, numbers},
                              .infer = infer_index_add,
                              .in_place = true,
                              .differentiability = Differentiability::differentiable,
                              .gradient_form = GradientForm::trivial,
                              .gradient = {{.composition = [](const Gradient& g) { return g.dy(); }},
                                           {},
                                           {.needs = input(1),
                                            .composition =
                                                [](const Gradient& g) {
                                                  return take(g.dy(), g.in(1), selection_of(g), false);
                                                }}},
                              .samples = index_add_samples});

// ---- take ----

void infer_take(Inference& i) {
  i.out().shape = selection_shape(i, i.in(1));
  i.out().dtype = i.in(0).dtype();
}

Array take_gradient(const Gradient& g) {
  const Shape shape = g.shape(0);
  const Selection s = selection_of(g);
  int64_t length = 1;
  for (int k = 0; k < s.axes.size(); ++k) length *= shape[normalize_axis(s.axes[k], shape, "take")];
  const Array index = g.integer(2) ? normalize_index(g.in(1), length) : g.in(1);
  return index_add_op({zeros(shape, g.dtype(), g.device()), index, g.dy()}, {s.axes, s.position});
}

// Rows of x, read along its first axis, alone.
Array take_sparsely(const Gradient& g) {
  const Shape shape = g.shape(0);
  const Selection s = selection_of(g);
  const Array index = flatten(unsqueeze(g.in(1), 0));
  const bool of_rows = s.axes.size() == 1 && normalize_axis(s.axes[0], shape, "take") == 0 && s.position == 0;
  if (!of_rows || !worth_sparse_rows(index.size(), shape[0])) return {};
  Shape rows = shape;
  rows[0] = index.size();
  return row_sparse(shape, {g.integer(2) ? normalize_index(index, shape[0]) : index, reshape(g.dy(), rows)});
}

void take_samples(Samples& s) {
  s.add({{5, 3}, index_input({4}, -5, 5)}, {Axes{0}, 0, true});
  s.add({{5, 3}, index_input({40}, 0, 3)}, {Axes{1}, 1, false});
  s.add({{5, 3}, index_input({2, 2}, -3, 3)}, {Axes{1}, 0, true});
  s.add({{2, 3, 4}, index_input({9}, 0, 8)}, {Axes{0, 2}, 1, false});
  s.add({{2, 3, 4}, index_input({5}, -12, 12)}, {Axes{2, 1}, 0, true});
  s.add({{7, 6}, index_input({3}, -42, 42)}, {Axes{0, 1}, 0, true});
  s.add({{}, index_input({3}, -1, 1)}, {Axes{}, 0, true});
  s.add({{5}, index_input({}, 0, 5)}, {Axes{0}, 0, false});
  s.add({{5, 3}, index_input({0}, 0, 5)}, {Axes{0}, 0, false});
  s.add({{5, 0}, index_input({2}, 0, 5)}, {Axes{0}, 0, false});
  s.add({{2, 1, 6}, Input({7}, int64, 0, 12)}, {Axes{0, -1}, 1, false});
  s.add({Input({6, 4}).with(Input::transposed), index_input({8}, 0, 6).with(Input::strided)},
        {Axes{0}, 0, false});
  s.add({{7, 4}, index_input({3000}, -7, 7)}, {Axes{0}, 0, true});
  s.add({{400, 900}, index_input({700}, 0, 900)}, {Axes{1}, 1, false});
}

const BuiltinOp take_op(
    {.name = "take",
     .n_in = 2,
     .attributes = {"axes", "position", "from_end"},
     .dtype_rule = DTypeRule::separate,
     .dtypes = {any_dtype, integers},
     .infer = infer_take,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(1), .composition = take_gradient, .sparse = take_sparsely}},
     .samples = take_samples});

void check_one_axis(const char* op, const Array& index) {
  if (index.ndim() != 1)
    throw ShapeError(
        fmt::format("{}: needs an index of one axis, not shape {}", op, to_string(index.shape())));
}

Axes all_axes(const Array& x) {
  Axes all;
  for (int k = 0; k < x.ndim(); ++k) all.push_back(k);
  return all;
}

}  // namespace

Array take(const Array& x, const Array& index, const Selection& s, bool from_end) {
  return take_op({x, index}, {s.axes, s.position, from_end});
}
Array take(const Array& x, const Array& index, int64_t axis) {
  const int at = normalize_axis(axis, x.shape(), "take");
  return take(x, index, {{at}, at}, true);
}
Array take(const Array& x, const Array& index) { return take(x, index, {all_axes(x), 0}, true); }

Array index_select(const Array& x, int64_t axis, const Array& index) {
  check_one_axis("index_select", index);
  const int at = normalize_axis(axis, x.shape(), "index_select");
  return take(x, index, {{at}, at}, false);
}

Array index_add(const Array& x, int64_t axis, const Array& index, const Array& source) {
  check_one_axis("index_add", index);
  const int at = normalize_axis(axis, x.shape(), "index_add");
  const DType d = promote(x.dtype(), source.dtype());
  return index_add_op({cast(x, d), index, cast(source, d)}, {Axes{at}, at});
}

Array ravel_index(std::span<const Array> indices, const Axes& lengths) {
  return ravel_index_op(indices, {lengths});
}
Array normalize_index(const Array& index, int64_t length) { return ravel_index_op({index}, {Axes{length}}); }

}  // namespace plugrad

// x[{...}]: a view, and what arrays of indices select from it.
#include "plugrad/ops/subscript.h"

#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// ---- the view ----

void check_range(const Inference& i, int axis) {
  const int64_t length = i.in(0).dims()[axis], start = i.integers(0)[axis], count = i.integers(1)[axis],
                step = i.integers(2)[axis], last = start + (count - 1) * step;
  if (count < 0 || step == 0 || (count > 0 && (start < 0 || start >= length || last < 0 || last >= length)))
    i.fail(fmt::format("{} elements from {} by {} of axis {} are out of range", count, start, step, axis));
}

void infer_index(Inference& i) {
  const Array& x = i.in(0);
  for (int a = 0; a < 3; ++a)
    if (i.count(a) != x.ndim()) i.fail(fmt::format("needs {} starts, counts and steps", x.ndim()));
  Inference::Output& out = i.out();
  out.dtype = x.dtype();
  out.shape = i.shape(3);
  out.offset = 0;
  std::fill_n(out.strides, out.shape.ndim(), 1);  // those of axes of length 1 do not matter
  int to = 0;
  const auto skip_ones = [&] {
    while (to < out.shape.ndim() && out.shape[to] == 1) ++to;
  };
  for (int axis = 0; axis < x.ndim(); ++axis) {
    check_range(i, axis);
    const int64_t count = i.integers(1)[axis];
    out.offset += i.integers(0)[axis] * x.strides()[axis];
    if (count == 1) continue;
    skip_ones();
    if (to == out.shape.ndim() || out.shape[to] != count) i.fail("cannot become " + to_string(out.shape));
    out.strides[to++] = x.strides()[axis] * i.integers(2)[axis];
  }
  skip_ones();
  if (to < out.shape.ndim()) i.fail("cannot become " + to_string(out.shape));
  if (out.shape.size() == 0) out.offset = 0;
}

const BuiltinOp index_op({.name = "index",
                          .attributes = {"start", "count", "step", "shape"},
                          .kind = OpKind::view,
                          .dtypes = {any_dtype},
                          .infer = infer_index,
                          .differentiability = Differentiability::differentiable,
                          .gradient_form = GradientForm::trivial,
                          .gradient = {{.composition =
                                            [](const Gradient& g) {
                                              const Array dy = reshape(g.dy(), g.axes(1));
                                              return slice_backward(dy, g.shape(0), g.axes(0), g.axes(2));
                                            }}},
                          .samples = [](Samples& s) {
                            s.add({{5}}, {Axes{1}, Axes{3}, Axes{1}, Shape{3}});
                            s.add({{4, 6}}, {Axes{3, 1}, Axes{2, 3}, Axes{-2, 2}, Shape{2, 3}});
                            s.add({{4, 6}}, {Axes{2, 0}, Axes{1, 6}, Axes{1, 1}, Shape{6}});
                            s.add({{4, 6}}, {Axes{2, 5}, Axes{1, 1}, Axes{1, 1}, Shape{}});
                            s.add({{4, 6}}, {Axes{0, 5}, Axes{4, 6}, Axes{1, -1}, Shape{1, 4, 1, 6}});
                            s.add({{2, 3, 4}}, {Axes{0, 1, 0}, Axes{2, 1, 2}, Axes{1, 1, 3}, Shape{2, 1, 2}});
                            s.add({{2, 3, 4}}, {Axes{0, 0, 0}, Axes{2, 0, 4}, Axes{1, 1, 1}, Shape{2, 0, 4}});
                            s.add({Shape{}}, {Axes{}, Axes{}, Axes{}, Shape{1}});
                            s.add({Sample::Input({4, 6}).with(Sample::Input::transposed)},
                                  {Axes{1, 0}, Axes{1, 6}, Axes{1, 1}, Shape{6, 1}});
                          }});

// ---- reading the indices ----

// Visits the indices in order. NumPy's rule for where the axes of arrays go: where they stand, if arrays and
// integers stand side by side, else first.
class Reader {
 public:
  Reader(const char* op, const Array& x, int elided) : op_(op), x_(x), elided_(elided) {}

  void operator()(int64_t index) {
    const int64_t length = x_.dims()[axis_];
    if (index < -length || index >= length)
      throw ShapeError(fmt::format("{}: index {} out of range for axis {} of shape {}", op_, index, axis_,
                                   to_string(x_.shape())));
    array_or_integer();
    view_axis(index < 0 ? index + length : index, 1, 1);
  }

  void operator()(const Range& r) {
    if (r.step == 0) throw ShapeError(fmt::format("{}: a range with a step of 0", op_));
    const int64_t n = x_.dims()[axis_], step = std::clamp(r.step, -n - 1, n + 1);
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;  // what bounds are clamped to
    const auto bound = [&](std::optional<int64_t> b, int64_t otherwise) {
      return b ? std::clamp(*b < 0 ? *b + n : *b, low, high) : otherwise;
    };
    const int64_t start = bound(r.start, step > 0 ? low : high), stop = bound(r.stop, step > 0 ? high : low);
    const int64_t distance = step > 0 ? stop - start : start - stop, pace = std::abs(step);
    const int64_t count = distance > 0 ? (distance + pace - 1) / pace : 0;
    neither();
    push_axis(count);
    view_axis(count > 0 ? start : 0, count, step);
  }

  void operator()(Ellipsis) {
    neither();
    for (int k = 0; k < elided_; ++k) whole_axis();
  }

  void operator()(NewAxis) {
    neither();
    push_axis(1);
  }

  void operator()(const Array& a) {
    array_or_integer();
    const int axes = a.dtype() == bool_ ? a.ndim() : 1;
    int64_t length = 1;
    for (int k = 0; k < axes; ++k) {
      const int64_t n = x_.dims()[axis_];
      if (a.dtype() == bool_ && a.dims()[k] != n)
        throw ShapeError(fmt::format("{}: a mask of shape {} from axis {} of shape {} on", op_,
                                     to_string(a.shape()), axis_ - k, to_string(x_.shape())));
      length *= n;
      s_.selection.axes.push_back(s_.shape.ndim());
      whole_axis();
      --kept_;
    }
    s_.arrays.push_back(a);
    s_.lengths.push_back(length);
  }

  Subscript result() {
    while (axis_ < x_.ndim()) whole_axis();
    return std::move(s_);
  }

 private:
  void view_axis(int64_t start, int64_t count, int64_t step) {
    s_.start.push_back(start);
    s_.count.push_back(count);
    s_.step.push_back(step);
    ++axis_;
  }
  void push_axis(int64_t length) {
    if (s_.shape.ndim() == max_ndim) throw ShapeError(fmt::format("{}: more than {} axes", op_, max_ndim));
    s_.shape.push_back(length);
    ++kept_;
  }
  void whole_axis() {
    push_axis(x_.dims()[axis_]);
    view_axis(0, x_.dims()[axis_], 1);
  }

  void array_or_integer() {
    if (group_ == Group::none) s_.selection.position = kept_;
    if (group_ == Group::ended) s_.selection.position = 0;
    group_ = group_ == Group::none || group_ == Group::open ? Group::open : Group::several;
  }
  void neither() {
    if (group_ == Group::open) group_ = Group::ended;
  }

  const char* op_;
  const Array& x_;
  int elided_;    // axes that the ellipsis stands for
  int axis_ = 0;  // of x, the next one
  int kept_ = 0;  // axes of the view that no array is for
  enum class Group : uint8_t { none, open, ended, several } group_ = Group::none;  // of arrays and integers
  Subscript s_;
};

// How many axes of x an index is for.
int axes_of(const char* op, const Index& index) {
  if (const auto* a = std::get_if<Array>(&index.value())) {
    if (!*a) throw Error(fmt::format("{}: an empty array as an index", op));
    if (a->dtype() != bool_ && !is_integer(a->dtype()))
      throw DTypeError(fmt::format("{}: an index array of {}; it takes integers, or bool for a mask", op,
                                   name(a->dtype())));
    return a->dtype() == bool_ ? a->ndim() : 1;
  }
  return std::holds_alternative<int64_t>(index.value()) || std::holds_alternative<Range>(index.value());
}

}  // namespace

Subscript read_subscript(const char* op, const Array& x, std::span<const Index> indices) {
  if (!x) throw Error(fmt::format("{}: an empty array", op));
  int axes = 0, ellipses = 0;
  for (const Index& i : indices) {
    axes += axes_of(op, i);
    ellipses += std::holds_alternative<Ellipsis>(i.value());
  }
  if (ellipses > 1) throw ShapeError(fmt::format("{}: more than one ellipsis", op));
  if (axes > x.ndim())
    throw ShapeError(fmt::format("{}: indices for {} axes, for shape {}", op, axes, to_string(x.shape())));
  Reader reader(op, x, x.ndim() - axes);
  for (const Index& i : indices) std::visit(reader, i.value());
  return reader.result();
}

Array view_of(const Array& x, const Subscript& s) {
  bool all = s.shape == x.shape();
  for (int k = 0; all && k < x.ndim(); ++k) all = s.step[k] == 1 && s.count[k] == x.dims()[k];
  return all ? x : index_op({x}, {s.start, s.count, s.step, s.shape});
}

SelectionNumbers selection_numbers(const char* op, const Subscript& s) {
  SelectionNumbers chosen;
  for (const Array& a : s.arrays) {
    chosen.arrays.push_back(a.dtype() == bool_ ? flatnonzero(a) : a);
    const Shape before = chosen.shape, shape = chosen.arrays.back().shape();
    if (!join_broadcast(chosen.shape, shape))
      throw ShapeError(fmt::format("{}: indices of shape {} and {} do not broadcast", op, to_string(before),
                                   to_string(shape)));
  }
  return chosen;
}

Array subscript(const Array& x, std::span<const Index> indices) {
  const Subscript s = read_subscript("index", x, indices);
  Array view = view_of(x, s);
  if (s.arrays.empty()) return view;
  const std::vector<Array> arrays = selection_numbers("index", s).arrays;
  return arrays.size() == 1 ? take(view, arrays[0], s.selection, true)
                            : take(view, ravel_index(arrays, s.lengths), s.selection, false);
}

Array Array::operator[](std::initializer_list<Index> indices) const {
  return subscript(*this, {indices.begin(), indices.size()});
}
Array Array::operator[](const Index& index) const { return subscript(*this, {&index, 1}); }

}  // namespace plugrad

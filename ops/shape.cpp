// Other shapes for the same storage: views, whose gradients are views the other way.
#include <fmt/format.h>

#include "plugrad/core/core_ops.h"
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

constexpr OpSchema view_op{.dtypes = {any_dtype},
                           .differentiability = Differentiability::differentiable,
                           .gradient_form = GradientForm::trivial};

OpSchema view(const char* name, std::initializer_list<const char*> attributes, void (*infer)(Inference&),
              Array (*composition)(const Gradient&), void (*samples)(Samples&)) {
  OpSchema s = view_op;
  s.kind = OpKind::view;
  s.name = name;
  std::copy(attributes.begin(), attributes.end(), s.attributes);
  s.infer = infer;
  s.gradient[0] = {.composition = composition};
  s.samples = samples;
  return s;
}

// Strides that give x the shape `to` without a copy: each run of axes that lies in memory like one axis is
// divided anew. False where there are none.
bool strides_for(const Array& x, const Shape& to, int64_t* strides) {
  if (x.size() == 0) {
    for (int64_t n = 1, k = to.ndim(); k-- > 0; n *= std::max<int64_t>(to[static_cast<int>(k)], 1))
      strides[k] = n;
    return true;
  }
  int t = to.ndim() - 1;
  int64_t run = 1, filled = 1, base = x.ndim() ? x.strides()[x.ndim() - 1] : 1;
  for (int k = x.ndim(); k-- > 0;) {
    run *= x.dims()[k];
    const bool ends = k == 0 || (x.dims()[k - 1] != 1 && x.strides()[k - 1] != run * base);
    if (!ends) continue;
    while (t >= 0 && (filled < run || to[t] == 1)) {
      strides[t] = filled * base;
      filled *= to[t--];
    }
    if (filled != run) return false;
    if (k > 0) base = x.strides()[k - 1], run = filled = 1;
  }
  for (; t >= 0; --t) strides[t] = filled * base;  // leading axes of length 1
  return true;
}

void infer_reshape(Inference& i) {
  const Array& x = i.in(0);
  i.out().shape = i.shape(0);
  i.out().dtype = x.dtype();
  i.out().offset = 0;
  if (i.out().shape.size() != x.size()) i.fail("cannot become " + to_string(i.out().shape));
  if (!strides_for(x, i.out().shape, i.out().strides))
    i.fail("needs a copy first to become " + to_string(i.out().shape));
}

const BuiltinOp reshape_op(view(
    "reshape", {"shape"}, infer_reshape, [](const Gradient& g) { return reshape(g.dy(), g.shape(0)); },
    [](Samples& s) {
      s.add({{2, 6}}, {Shape{3, 4}});
      s.add({{12}}, {Shape{2, 1, 6}});
      s.add({Shape{}}, {Shape{1, 1}});
      s.add({{1}}, {Shape{}});
      s.add({{0, 3}}, {Shape{3, 0, 2}});
      s.add({Sample::Input({4, 6}).with(Sample::Input::strided)}, {Shape{2, 2, 3, 2}});
    }));

void infer_permute(Inference& i) {
  const Array& x = i.in(0);
  Inference::Output& out = i.out();
  if (i.count(0) != x.ndim()) i.fail(fmt::format("needs an order of {} axes", x.ndim()));
  i.axes(0);  // checks range and repetition
  out.shape.set_ndim(x.ndim());
  for (int k = 0; k < x.ndim(); ++k) {
    const int from = normalize_axis(i.integers(0)[k], x.shape(), "permute");
    out.shape[k] = x.dims()[from];
    out.strides[k] = x.strides()[from];
  }
  out.offset = 0;
  out.dtype = x.dtype();
}

const BuiltinOp permute_op(view(
    "permute", {"order"}, infer_permute,
    [](const Gradient& g) {
      const Axes order = g.axes(0);
      int64_t inverse[max_ndim] = {};
      for (int k = 0; k < order.size(); ++k) inverse[normalize_axis(order[k], g.dy().shape(), "permute")] = k;
      Axes back;
      for (int k = 0; k < order.size(); ++k) back.push_back(inverse[k]);
      return permute(g.dy(), back);
    },
    [](Samples& s) {
      s.add({{2, 3}}, {Axes{1, 0}});
      s.add({{2, 3, 4}}, {Axes{2, 0, 1}});
      s.add({{2, 3, 4}}, {Axes{0, -1, 1}});
      s.add({{3, 0}}, {Axes{1, 0}});
      s.add({Shape{}}, {Axes{}});
    }));

void infer_expand(Inference& i) {
  const Array& x = i.in(0);
  Inference::Output& out = i.out();
  out.shape = i.shape(0);
  out.dtype = x.dtype();
  out.offset = 0;
  const int lead = out.shape.ndim() - x.ndim();
  if (lead < 0) i.fail("cannot expand to " + to_string(out.shape));
  for (int k = 0; k < out.shape.ndim(); ++k) {
    const int64_t from = k < lead ? 1 : x.dims()[k - lead];
    if (from != out.shape[k] && from != 1) i.fail("cannot expand to " + to_string(out.shape));
    out.strides[k] = k < lead || from != out.shape[k] ? 0 : x.strides()[k - lead];
  }
}

const BuiltinOp expand_op(view(
    "expand", {"shape"}, infer_expand, [](const Gradient& g) { return sum_to(g.dy(), g.shape(0)); },
    [](Samples& s) {
      s.add({{3}}, {Shape{2, 3}});
      s.add({{2, 1}}, {Shape{2, 4}});
      s.add({Shape{}}, {Shape{2, 2}});
      s.add({{1, 3}}, {Shape{0, 3}});
      s.add({{2, 3}}, {Shape{2, 3}});
    }));

}  // namespace

namespace {

// `shape` with the length that is -1 worked out.
Shape complete(const Array& x, const Ints& shape) {
  Shape complete;
  int64_t known = 1;
  int open = -1;
  for (int k = 0; k < shape.size(); ++k) {
    if (shape[k] == -1 && open >= 0) throw ShapeError("reshape: more than one length is -1");
    if (shape[k] == -1) open = k;
    else known *= shape[k];
    complete.push_back(shape[k] == -1 ? 1 : shape[k]);
  }
  if (open < 0) return complete;
  if (known == 0 || x.size() % known != 0)
    throw ShapeError(
        fmt::format("reshape: no length for -1 fits {} elements into the rest, {}", x.size(), known));
  complete[open] = x.size() / known;
  return complete;
}

}  // namespace

Array reshape(const Array& x, const Ints& shape) {
  if (!x) return reshape_op({x}, {Shape{}});
  const Shape to = complete(x, shape);
  int64_t strides[max_ndim];
  const bool view = x.contiguous() || x.size() != to.size() || strides_for(x, to, strides);
  return view ? reshape_op({x}, {to}) : reshape_op({copy(x)}, {to});
}

Array flatten(const Array& x, int64_t first_axis) {
  const int first = normalize_axis(first_axis, x.shape(), "flatten");
  Shape to(x.dims(), first);
  int64_t rest = 1;
  for (int k = first; k < x.ndim(); ++k) rest *= x.dims()[k];
  to.push_back(rest);
  return reshape(x, to);
}

Array permute(const Array& x, const Axes& order) { return permute_op({x}, {order}); }

Array transpose(const Array& x) {
  const int n = x.ndim();
  if (n < 2) throw ShapeError(fmt::format("transpose: needs two axes, not shape {}", to_string(x.shape())));
  Axes order;
  for (int k = 0; k < n - 2; ++k) order.push_back(k);
  order.push_back(n - 1);
  order.push_back(n - 2);
  return permute(x, order);
}

Array expand(const Array& x, const Shape& shape) { return expand_op({x}, {shape}); }

Array unsqueeze(const Array& x, int64_t axis) {
  Shape to;
  const int64_t at = axis < 0 ? axis + x.ndim() + 1 : axis;
  if (at < 0 || at > x.ndim())
    throw ShapeError(fmt::format("unsqueeze: axis {} out of range for shape {}", axis, to_string(x.shape())));
  for (int k = 0; k <= x.ndim(); ++k) {
    if (k == at) to.push_back(1);
    if (k < x.ndim()) to.push_back(x.dims()[k]);
  }
  return reshape(x, to);
}

Array squeeze(const Array& x, int64_t axis) {
  const int at = normalize_axis(axis, x.shape(), "squeeze");
  if (x.dims()[at] != 1)
    throw ShapeError(
        fmt::format("squeeze: axis {} of shape {} is not of length 1", axis, to_string(x.shape())));
  Shape to;
  for (int k = 0; k < x.ndim(); ++k)
    if (k != at) to.push_back(x.dims()[k]);
  return reshape(x, to);
}

}  // namespace plugrad

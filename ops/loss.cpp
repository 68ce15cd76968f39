// The losses of regression and of yes-or-no labels. Operands broadcast before the op sees them, so that its
// gradients are sums over repeated axes like any other.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

constexpr auto mean_of_all = static_cast<int64_t>(Reduction::mean),
               sum_of_all = static_cast<int64_t>(Reduction::sum),
               none = static_cast<int64_t>(Reduction::none);

// The attribute `reduction` is the first one of each.
void infer_loss(Inference& i) {
  if (!(i.in(0).shape() == i.in(1).shape())) i.fail("needs equal shapes, or such as broadcast");
  const int64_t reduction = i.integer(0);
  if (reduction < mean_of_all || reduction > none) i.fail(fmt::format("no reduction {}", reduction));
  infer_same(i);
  if (reduction != none) i.out().shape.set_ndim(0);
}

Array reduced(const Array& losses, int64_t reduction) {
  if (reduction == none) return losses;
  return reduction == mean_of_all ? mean(losses) : sum(losses);
}

// What the gradient of each element's loss is multiplied by.
Array outer_gradient(const Gradient& g) {
  return g.integer(0) == mean_of_all ? g.dy() / static_cast<double>(g.in(0).size()) : g.dy();
}

constexpr OpSchema family{.n_in = 2,
                          .attributes = {"reduction"},
                          .kind = OpKind::composite,
                          .dtype_rule = DTypeRule::promote_floating,
                          .dtypes = {floating},
                          .infer = infer_loss,
                          .differentiability = Differentiability::differentiable};

// Pairs of one shape, x and y, with each reduction; `more` are attributes after that.
void loss_samples(Samples& s, Domain x, Domain y, std::initializer_list<double> more) {
  using Input = Sample::Input;
  const auto add = [&](Input a, Input b, int64_t reduction) {
    if (more.size() == 0) return s.add({std::move(a), std::move(b)}, {reduction});
    for (const double value : more) s.add({a, b}, {reduction, value});
  };
  const auto of = [&](const Shape& shape, int64_t reduction) {
    add(Input(shape, x.low, x.high), Input(shape, y.low, y.high), reduction);
  };
  for (const int64_t reduction : {mean_of_all, sum_of_all, none})
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{3, 1, 2}, Shape{257}})
      of(shape, reduction);
  for (const int64_t reduction : {mean_of_all, sum_of_all, none}) of(Shape{300, 1000}, reduction);
  of(Shape{0}, sum_of_all);
  of(Shape{2, 0}, none);
  for (const int64_t reduction : {mean_of_all, none}) {
    add(Input({7, 5}, x.low, x.high).with(Input::transposed), Input({7, 5}, y.low, y.high), reduction);
    add(Input({7, 5}, x.low, x.high), Input({7, 5}, y.low, y.high).with(Input::strided), reduction);
  }
}

// -y log sigmoid(x) - (1 - y) log(1 - sigmoid(x)) = (1 - y) x + log(1 + e^-x).
const BuiltinOp bce_with_logits_op([] {
  OpSchema s = family;
  s.name = "bce_with_logits";
  s.gradient[0] = {.needs = input(0) | input(1), .composition = [](const Gradient& g) {
                     return (sigmoid(g.in(0)) - g.in(1)) * outer_gradient(g);
                   }};
  s.gradient[1] = {.needs = input(0),
                   .composition = [](const Gradient& g) { return -(g.in(0) * outer_gradient(g)); }};
  s.composition = [](const Composition& c) {
    const Array &x = c.in(0), &y = c.in(1);
    const Array losses = ((1 - y) * x + maximum(-x, 0)) + log1p(exp(-abs(x)));
    c.out() = reduced(losses, c.integer(0));
  };
  s.samples = [](Samples& all) { loss_samples(all, {-4, 4}, {0, 1}, {}); };
  return s;
}());

const BuiltinOp mse_op([] {
  OpSchema s = family;
  s.name = "mse";
  s.gradient[0] = {.needs = input(0) | input(1), .composition = [](const Gradient& g) {
                     return 2 * (g.in(0) - g.in(1)) * outer_gradient(g);
                   }};
  s.gradient[1] = {.needs = input(0) | input(1), .composition = [](const Gradient& g) {
                     return 2 * (g.in(1) - g.in(0)) * outer_gradient(g);
                   }};
  s.composition = [](const Composition& c) { c.out() = reduced(square(c.in(0) - c.in(1)), c.integer(0)); };
  s.samples = [](Samples& all) { loss_samples(all, {-1, 1}, {-1, 1}, {}); };
  return s;
}());

// d within [-delta, delta]. At the bounds it counts as constant, as in PyTorch.
Array clipped(const Array& d, double delta) { return where(less(abs(d), delta), d, delta * sign(d)); }

const BuiltinOp huber_op([] {
  OpSchema s = family;
  s.name = "huber";
  s.attributes[1] = "delta";
  s.infer = [](Inference& i) {
    if (!(i.real(1) > 0)) i.fail(fmt::format("needs a delta above 0, not {}", i.real(1)));
    infer_loss(i);
  };
  s.gradient[0] = {.needs = input(0) | input(1), .composition = [](const Gradient& g) {
                     return clipped(g.in(0) - g.in(1), g.real(1)) * outer_gradient(g);
                   }};
  s.gradient[1] = {.needs = input(0) | input(1), .composition = [](const Gradient& g) {
                     return clipped(g.in(1) - g.in(0), g.real(1)) * outer_gradient(g);
                   }};
  s.composition = [](const Composition& c) {
    const double delta = c.real(1);
    const Array d = c.in(0) - c.in(1), distance = abs(d);
    const Array losses = where(less_equal(distance, delta), square(d) / 2, delta * (distance - delta / 2));
    c.out() = reduced(losses, c.integer(0));
  };
  // |x - y| is below 1, and then above 1.5: the kinks lie between, or beyond.
  s.samples = [](Samples& all) {
    loss_samples(all, {0, 1}, {0, 1}, {1.25});
    loss_samples(all, {2, 3}, {0, 0.5}, {1.25});
    loss_samples(all, {-3, -2}, {0, 0.5}, {0.5});
  };
  return s;
}());

// The shape of x and y together, by NumPy's rule, if they fit.
Shape joint_shape(const Shape& x, const Shape& y) {
  const bool x_is_longer = x.ndim() >= y.ndim();
  Shape joint = x_is_longer ? x : y;
  const Shape& other = x_is_longer ? y : x;
  for (int k = 1; k <= other.ndim(); ++k) {
    int64_t& length = joint[joint.ndim() - k];
    if (length == 1) length = other[other.ndim() - k];
  }
  return joint;
}
bool fits(const Shape& x, const Shape& joint) {
  for (int k = 1; k <= x.ndim(); ++k)
    if (x[x.ndim() - k] != 1 && x[x.ndim() - k] != joint[joint.ndim() - k]) return false;
  return true;
}

// Calls `op` with its operands repeated to one shape. Those that can't be are left as they are: the op says
// so.
Array call(const Op& op, const Array& x, const Array& y, std::initializer_list<Value> attr) {
  if (!x || !y || x.shape() == y.shape()) return op({x, y}, attr);
  const Shape joint = joint_shape(x.shape(), y.shape());
  if (!fits(x.shape(), joint) || !fits(y.shape(), joint)) return op({x, y}, attr);
  return op({expand(x, joint), expand(y, joint)}, attr);
}

}  // namespace

Array bce_with_logits(const Array& logits, const Array& y, Reduction reduction) {
  return call(bce_with_logits_op, logits, y, {reduction});
}
Array mse(const Array& x, const Array& y, Reduction reduction) { return call(mse_op, x, y, {reduction}); }
Array huber(const Array& x, const Array& y, double delta, Reduction reduction) {
  return call(huber_op, x, y, {reduction, delta});
}

}  // namespace plugrad

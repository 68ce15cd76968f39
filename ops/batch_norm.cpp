// Normalisation of each channel over all samples: with the statistics of the batch, or with given ones.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

// x [n, c, ...], and then one number for each channel.
void infer_channels(Inference& i) {
  if (i.in(0).ndim() < 2) i.fail("needs at least two axes, the second being the channels");
  const Shape channels{i.in(0).dims()[1]};
  for (int k = 1; k < i.n_in(); ++k)
    if (!(i.in(k).shape() == channels))
      i.fail("needs one number for each channel in all operands but the first");
  infer_same(i);
  for (int k = 1; k < i.n_out(); ++k) {
    i.out(k).shape = channels;
    i.out(k).dtype = i.in(0).dtype();
  }
}

// One number for each channel, in an array of `ndim` axes.
Array along_channels(const Array& v, int ndim) {
  Shape shape{v.size()};
  while (shape.ndim() < ndim - 1) shape.push_back(1);
  return reshape(v, shape);
}
// All axes but that of the channels.
Axes other_axes(int ndim) {
  Axes axes = 0;
  for (int k = 2; k < ndim; ++k) axes.push_back(k);
  return axes;
}
Array channel_mean(const Array& x) { return mean(x, other_axes(x.ndim())); }
Array channel_sum(const Array& x) { return sum(x, other_axes(x.ndim())); }

// Statistics of the channels, and what they make of x.
struct Normalized {
  Array deviation, inverse, y;  // inverse: 1 / sqrt(var + eps), one for each channel as y has them

  Normalized(const Array& x, const Array& mean, const Array& var, double eps)
      : deviation(x - along_channels(mean, x.ndim())),
        inverse(along_channels(1 / sqrt(var + eps), x.ndim())),
        y(deviation * inverse) {}
};

Array scaled(const Normalized& n, const Array& weight, const Array& bias) {
  const int ndim = n.y.ndim();
  return n.y * along_channels(weight, ndim) + along_channels(bias, ndim);
}

// ---- with the batch's statistics; attribute: eps ----

Normalized normalized(const Gradient& g) { return Normalized(g.in(0), g.out(1), g.out(2), g.real(0)); }

// Through y, and through the outputs mean and var themselves.
Array gradient_x(const Gradient& g) {
  const Normalized n = normalized(g);
  const int ndim = n.y.ndim();
  const auto repeated_mean = [&](const Array& x) { return along_channels(channel_mean(x), ndim); };
  const double elements = static_cast<double>(g.in(0).size()) / static_cast<double>(g.in(0).dims()[1]);
  const Array dy = g.dy(0) * along_channels(g.in(1), ndim);
  const Array through_y = n.inverse * (dy - repeated_mean(dy) - n.y * repeated_mean(dy * n.y));
  const Array dmean = along_channels(g.dy(1) / elements, ndim),
              dvar = along_channels(g.dy(2) / elements, ndim);
  return through_y + dmean + 2 * dvar * n.deviation;
}

const BuiltinOp batch_norm_op(
    {.name = "batch_norm",
     .n_in = 3,
     .n_out = 3,
     .attributes = {"eps"},
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote_floating,
     .dtypes = {floating},
     .infer = infer_channels,
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(0) | input(1) | output(1) | output(2), .composition = gradient_x},
                  {.needs = input(0) | output(1) | output(2),
                   .composition = [](const Gradient& g) { return channel_sum(g.dy(0) * normalized(g).y); }},
                  {.composition = [](const Gradient& g) { return channel_sum(g.dy(0)); }}},
     .composition =
         [](const Composition& c) {
           const Array& x = c.in(0);
           c.out(1) = channel_mean(x);
           c.out(2) = channel_mean(square(x - along_channels(c.out(1), x.ndim())));
           c.out(0) = scaled(Normalized(x, c.out(1), c.out(2), c.real(0)), c.in(1), c.in(2));
         },
     .samples =
         [](Samples& s) {
           using Input = Sample::Input;
           const auto add = [&](Input x, double eps) {
             const int64_t channels = x.shape[1];
             s.add({std::move(x), Input({channels}, 0.5, 2), Input({channels})}, {eps}, 3);
           };
           const auto of = [](const Shape& shape) { return Input(shape, -2, 2); };
           add(of({5, 3}), 1e-3);
           add(of({4, 2, 2}), 1e-5);
           add(of({2, 3, 2, 2}), 1e-3);
           add(of({1, 1, 4}), 1e-3);
           add(of({1, 3}), 1e-2);
           add(of({6, 1}), 1e-5);
           add(of({2, 0, 3}), 1e-5);
           add(of({50, 37}), 1e-5);
           add(of({3, 5, 7, 9}), 1e-5);
           add(of({2, 3, 40, 8}), 1e-5);
           add(of({600, 3}), 1e-5);
           add(of({7, 5, 6}).with(Input::transposed), 1e-5);
           add(of({7, 5, 6}).with(Input::strided), 1e-5);
           add(of({30, 10, 1000}), 1e-5);
           add(of({3000, 100}), 1e-5);
         }});

// ---- with given statistics: inputs x, weight, bias, mean, var; attribute: eps ----

Array inverse_deviation(const Gradient& g) { return 1 / sqrt(g.in(4) + g.real(0)); }
Array deviation(const Gradient& g) { return g.in(0) - along_channels(g.in(3), g.in(0).ndim()); }

const BuiltinOp batch_norm_inference_op(
    {.name = "batch_norm_inference",
     .n_in = 5,
     .attributes = {"eps"},
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote_floating,
     .dtypes = {floating},
     .infer = infer_channels,
     .differentiability = Differentiability::differentiable,
     .gradient =
         {{.needs = input(1) | input(4),
           .composition =
               [](const Gradient& g) {
                 return g.dy() * along_channels(g.in(1) * inverse_deviation(g), g.dy().ndim());
               }},
          {.needs = input(0) | input(3) | input(4),
           .composition =
               [](const Gradient& g) { return channel_sum(g.dy() * deviation(g)) * inverse_deviation(g); }},
          {.composition = [](const Gradient& g) { return channel_sum(g.dy()); }},
          {.needs = input(1) | input(4),
           .composition =
               [](const Gradient& g) { return -(channel_sum(g.dy()) * g.in(1) * inverse_deviation(g)); }},
          {.needs = input(0) | input(1) | input(3) | input(4),
           .composition =
               [](const Gradient& g) {
                 const Array r = inverse_deviation(g);
                 return -0.5 * channel_sum(g.dy() * deviation(g)) * g.in(1) * (r * r * r);
               }}},
     .composition =
         [](const Composition& c) {
           c.out() = scaled(Normalized(c.in(0), c.in(3), c.in(4), c.real(0)), c.in(1), c.in(2));
         },
     .samples =
         [](Samples& s) {
           using Input = Sample::Input;
           const auto add = [&](Input x, double eps) {
             const Shape channels{x.shape[1]};
             s.add({std::move(x), Input(channels, 0.5, 2), channels, channels, Input(channels, 0.5, 2)},
                   {eps});
           };
           const auto of = [](const Shape& shape) { return Input(shape, -2, 2); };
           add(of({3, 2}), 1e-5);
           add(of({2, 2, 2}), 1e-3);
           add(of({1, 3, 2, 1}), 1e-5);
           add(of({4, 1}), 0.1);
           add(of({0, 3}), 1e-5);
           add(of({2, 0, 3}), 1e-5);
           add(of({50, 37}), 1e-5);
           add(of({3, 5, 7, 9}), 1e-5);
           add(of({7, 5, 6}).with(Input::transposed), 1e-5);
           add(of({7, 5, 6}).with(Input::strided), 1e-5);
           add(of({30, 10, 1000}), 1e-5);
           add(of({3000, 100}), 1e-5);
         }});

}  // namespace

BatchNormResult batch_norm(const Array& x, const Array& weight, const Array& bias, double eps) {
  auto [y, mean, var] = batch_norm_op.outputs<3>({x, weight, bias}, {eps});
  return {std::move(y), std::move(mean), std::move(var)};
}
Array batch_norm_inference(const Array& x, const Array& weight, const Array& bias, const Array& mean,
                           const Array& var, double eps) {
  return batch_norm_inference_op({x, weight, bias, mean, var}, {eps});
}

}  // namespace plugrad

// Layers: parameters with the function that they are for. Aggregates, so grad, checkpoints and optimisers see
// inside.
#pragma once

#include "plugrad/ops/ops.h"

namespace plugrad {

// x [n, in] -> x w + b [n, out]; w [in, out], b [out].
struct Linear {
  Array w, b;
  Array operator()(const Array& x) const { return linear(x, w, b); }
};

// x [n, in, h, w] -> [n, out, oh, ow]; w [out, in / groups, kh, kw], b [out].
struct Conv2d {
  Array w, b;
  Array operator()(const Array& x, const Conv2dOptions& options = {}) const {
    return conv2d(x, w, options) + reshape(b, Shape{b.size(), 1, 1});
  }
};

// x [n, in, h, w] -> [n, out, oh, ow]; w [in, out / groups, kh, kw], b [out].
struct ConvTranspose2d {
  Array w, b;
  Array operator()(const Array& x, const ConvTranspose2dOptions& options = {}) const {
    return conv_transpose2d(x, w, options) + reshape(b, Shape{b.size(), 1, 1});
  }
};

// Normalisation of each channel over all samples: x [n, c, ...], all parameters [c] (Ioffe and Szegedy 2015).
//
// While training (TrainingMode) with the batch's statistics, and then it moves its running ones, `mean` and
// `var`, towards these by `momentum`, in place: copies of the layer share them, so that training a copy
// inside grad is training the layer. Else with the running ones. They have no gradient. var is kept without
// bias, as PyTorch does: over n - 1. ShapeError while training with fewer than two elements for each channel.
struct BatchNorm {
  Array w, b, mean, var;
  double momentum = 0.1, eps = 1e-5;

  Array operator()(const Array& x) const {
    if (!is_training()) return batch_norm_inference(x, w, b, mean.detach(), var.detach(), eps);
    const auto [y, batch_mean, batch_var] = batch_norm(x, w, b, eps);
    const double n = static_cast<double>(x.size()) / static_cast<double>(w.size());
    if (n < 2)
      throw ShapeError("BatchNorm: needs at least two elements for each channel while training, got shape " +
                       to_string(x.shape()));
    move_towards(mean, batch_mean);
    move_towards(var, batch_var.detach() * (n / (n - 1)));
    return y;
  }

 private:
  void move_towards(const Array& average, const Array& value) const {
    const NoGrad off;
    Array target = average.detach();
    axpy(momentum, cast(value.detach(), target.dtype()) - target, target);
  }
};

// Normalisation of each sample over the trailing axes, whose shape w and b have (Ba et al. 2016).
struct LayerNorm {
  Array w, b;
  double eps = 1e-5;
  Array operator()(const Array& x) const { return layer_norm(x, w, b, eps); }
};

// The same over each of `groups` parts of the channels: x [n, c, ...], w and b [c] (Wu and He 2018).
struct GroupNorm {
  Array w, b;
  int64_t groups = 1;
  double eps = 1e-5;
  Array operator()(const Array& x) const { return group_norm(x, groups, w, b, eps); }
};

// By the root of the mean square over the trailing axes, whose shape w has (Zhang and Sennrich 2019).
struct RmsNorm {
  Array w;
  double eps = 1e-6;
  Array operator()(const Array& x) const { return rms_norm(x, w, eps); }
};

// While training (TrainingMode), zeros with probability p, and the rest over 1 - p; else x.
struct Dropout {
  double p = 0.5;
  Array operator()(const Array& x) const { return dropout(x, p); }
};

}  // namespace plugrad

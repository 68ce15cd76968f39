// Initial values of parameters.
#pragma once

#include <cmath>

#include "plugrad/nn/layers.h"
#include "plugrad/nn/recurrent.h"

namespace plugrad {

// Glorot and Bengio's range with Knet's constant: uniform in (-s, s), s = sqrt(2 / (fan_in + fan_out)), where
// fan_out is the length of the first axis and fan_in what one of its elements holds.
inline Array xavier_uniform(const Shape& shape) {
  const double fan_out = static_cast<double>(shape[0]), fan_in = static_cast<double>(shape.size()) / fan_out;
  const double s = std::sqrt(2 / (fan_in + fan_out));
  return uniform(shape, -s, s);
}

// Weights of normal(0, std), or xavier_uniform where std is 0; biases 0.
inline Array initial_weights(const Shape& shape, double std = 0) {
  return std == 0 ? xavier_uniform(shape) : normal(shape, 0, std);
}
inline Linear initial_linear(int64_t in, int64_t out, double std = 0) {
  return {initial_weights({in, out}, std), zeros({out})};
}
inline Conv2d initial_conv2d(int64_t in, int64_t out, int64_t kernel, double std = 0, int64_t groups = 1) {
  return {initial_weights({out, in / groups, kernel, kernel}, std), zeros({out})};
}
inline ConvTranspose2d initial_conv_transpose2d(int64_t in, int64_t out, int64_t kernel, double std = 0,
                                                int64_t groups = 1) {
  return {initial_weights({in, out / groups, kernel, kernel}, std), zeros({out})};
}
// The forget gate starts open: its bias is 1.
inline Lstm initial_lstm(int64_t in, int64_t hidden, double std = 0, int layers = 1) {
  Lstm lstm;
  for (int k = 0; k < layers; ++k, in = hidden)
    lstm.layers.push_back({initial_weights({in, 4 * hidden}, std), initial_weights({hidden, 4 * hidden}, std),
                           concat({ones({hidden}), zeros({3 * hidden})}, 0)});
  return lstm;
}
inline Gru initial_gru(int64_t in, int64_t hidden, double std = 0, int layers = 1) {
  Gru gru;
  for (int k = 0; k < layers; ++k, in = hidden)
    gru.layers.push_back({initial_weights({in, 3 * hidden}, std), initial_weights({hidden, 3 * hidden}, std),
                          zeros({3 * hidden}), zeros({3 * hidden})});
  return gru;
}

// Normalisations start as nothing but that: weights 1, biases 0, running statistics those of normal(0, 1).
inline BatchNorm initial_batch_norm(int64_t channels) {
  const Shape c{channels};
  return {ones(c), zeros(c), zeros(c), ones(c)};
}
inline LayerNorm initial_layer_norm(const Shape& shape) { return {ones(shape), zeros(shape)}; }
inline GroupNorm initial_group_norm(int64_t groups, int64_t channels) {
  return {ones({channels}), zeros({channels}), groups};
}
inline RmsNorm initial_rms_norm(const Shape& shape) { return {ones(shape)}; }

}  // namespace plugrad

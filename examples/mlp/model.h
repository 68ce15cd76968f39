// A multilayer perceptron that classifies digits.
#pragma once

#include "plugrad/nn/nn.h"

namespace plugrad::examples::mlp {

using Model = std::vector<Linear>;

inline Model initial(const std::vector<int>& hidden, double winit) {
  Model model;
  int64_t in = 784;
  for (int out : hidden) {
    model.push_back(initial_linear(in, out, winit));
    in = out;
  }
  model.push_back(initial_linear(in, 10, winit));
  return model;
}

inline Array predict(const Model& model, Array x) {
  for (size_t i = 0; i + 1 < model.size(); ++i) x = relu(model[i](x));
  return model.back()(x);
}

inline Array loss(const Model& model, const Array& x, const Array& y) {
  return cross_entropy(predict(model, x), y);
}

}  // namespace plugrad::examples::mlp

// Softmax classification of digits.
#pragma once

#include "plugrad/nn/nn.h"

namespace plugrad::examples::softmax {

using Model = Linear;

inline Model initial(double winit) { return initial_linear(784, 10, winit); }

inline Array loss(const Model& model, const Array& x, const Array& y) { return cross_entropy(model(x), y); }

}  // namespace plugrad::examples::softmax

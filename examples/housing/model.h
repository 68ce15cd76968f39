// Linear regression: the price of homes from features of their neighbourhood.
#pragma once

#include "plugrad/nn/nn.h"

namespace plugrad::examples::housing {

using Model = Linear;

inline Model initial(int64_t features, double winit) { return initial_linear(features, 1, winit); }

inline Array loss(const Model& predict, const Array& x, const Array& y) {
  return mean(square(y - predict(x)));
}

}  // namespace plugrad::examples::housing

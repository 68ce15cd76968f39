// LeNet: a convolutional network that classifies digits (LeCun et al. 1998, in Caffe's variant).
#pragma once

#include "plugrad/nn/nn.h"

namespace plugrad::examples::lenet {

struct Model {
  Conv2d conv1, conv2;
  Linear fc1, fc2;
};

inline Model initial(double winit) {
  return {.conv1 = initial_conv2d(1, 20, 5, winit),
          .conv2 = initial_conv2d(20, 50, 5, winit),
          .fc1 = initial_linear(800, 500, winit),
          .fc2 = initial_linear(500, 10, winit)};
}

inline Array predict(const Model& model, const Array& images) {
  Array x = reshape(images, {-1, 1, 28, 28});
  x = max_pool2d(relu(model.conv1(x)), 2);
  x = max_pool2d(relu(model.conv2(x)), 2);
  x = relu(model.fc1(flatten(x, 1)));
  return model.fc2(x);
}

inline Array loss(const Model& model, const Array& x, const Array& y) {
  return cross_entropy(predict(model, x), y);
}

}  // namespace plugrad::examples::lenet

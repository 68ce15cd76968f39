// The five example models with small batches, so that an emulation can train them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "plugrad/core/array.h"

namespace plugrad::tests {

// One update with the next batch; returns the loss before it, not read yet.
using Step = std::function<Array()>;

inline constexpr const char* small_models[] = {"Housing", "Softmax", "Mlp", "LeNet", "CharLm"};

// A training of the model named, on `device`. Values and batches are the same on every device: they are drawn
// on the reference backend.
Step small_training(const std::string& model, Device device);

}  // namespace plugrad::tests

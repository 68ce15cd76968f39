// Loops over batches: training with plain gradient descent, and figures over a data set.
#pragma once

#include "plugrad/nn/optimizers.h"

namespace plugrad {

// One update for each batch [x, y], in order, in training mode: model -= lr * gradient of loss(model, x, y).
template <class Model, class Loss, class Batches>
void train_epoch(Model& model, Loss loss, Batches&& batches, double lr) {
  const TrainingMode training(true);
  const auto gradient = grad(std::move(loss));
  for (const auto& [x, y] : batches) sgd(model, gradient(model, x, y), lr);
}

// The mean of figure(x, y), a scalar Array, over the batches, each weighted by its rows.
template <class Figure, class Batches>
double mean_over(Batches&& batches, Figure figure) {
  double total = 0, rows = 0;
  for (const auto& [x, y] : batches) {
    const double n = static_cast<double>(x.dim(0));
    total += n * figure(x, y).item();
    rows += n;
  }
  return total / rows;
}

// The share of rows of `logits` [n, classes] whose largest entry is at their label [n]: a float32 scalar.
inline Array accuracy(const Array& logits, const Array& labels) {
  return mean(cast(equal(argmax(logits, 1), labels), float32));
}

}  // namespace plugrad

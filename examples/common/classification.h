// Training a classifier of digits, whatever the model: what the examples on MNIST share.
#pragma once

#include <fmt/format.h>

#include <iostream>

#include "plugrad/examples/common/options.h"
#include "plugrad/examples/common/progress.h"
#include "plugrad/examples/common/training_log.h"
#include "plugrad/nn/data/minibatch.h"
#include "plugrad/nn/data/mnist.h"
#include "plugrad/nn/nn.h"

namespace plugrad::examples {

inline void print_gradcheck(const GradcheckResult& r) {
  fmt::print(
      "gradient check: {} entries, largest relative difference {:.2e} (gradient {:.6g}, difference {:.6g})\n",
      r.entries, r.worst, r.gradient, r.difference);
}

// Trains `model` in place and prints a line per epoch: the share of digits that predict(model, images) gets
// right, in the training set and the test set.
template <class Model, class Predict, class Loss>
void train_classifier(const std::string& title, const Options& options, Model& model, Predict predict,
                      Loss loss) {
  const MnistSets mnist = load_mnist(options.data);
  std::cout << "data: " << mnist.origin.sentence << std::endl;
  Minibatches train(mnist.train.images, mnist.train.labels, options.batchsize);
  Minibatches test(mnist.test.images, mnist.test.labels, options.batchsize, {.keep_partial = true});
  if (options.gcheck > 0) {
    const auto& [x, y] = *train.begin();
    print_gradcheck(gradcheck(loss, model, options.gcheck, options.seed, x, y));
  }
  TrainingLog log(title, "accuracy", options.plot);
  const auto report = [&](int epoch) {
    if (options.fast) return;
    const auto right = [&](const Array& x, const Array& y) { return accuracy(predict(model, x), y); };
    log.add(epoch, mean_over(train, right), mean_over(test, right));
  };
  report(0);
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    train_epoch(model, loss, with_progress(train, fmt::format("epoch {}", epoch)), options.lr);
    report(epoch);
  }
  log.save_plot();
}

}  // namespace plugrad::examples

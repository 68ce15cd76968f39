// Trains a multilayer perceptron on MNIST.
#include "plugrad/examples/common/classification.h"
#include "plugrad/examples/common/run_example.h"
#include "plugrad/examples/mlp/model.h"

int main(int argc, char** argv) {
  using namespace plugrad::examples;
  const Options defaults{.epochs = 10, .batchsize = 100, .lr = 0.5, .hidden = {64}, .winit = 0.1};
  return run_example(argc, argv, "A multilayer perceptron on MNIST's digits.", defaults,
                     [](const Options& options) {
                       mlp::Model model = mlp::initial(options.hidden, options.winit);
                       train_classifier("Multilayer perceptron", options, model, mlp::predict, mlp::loss);
                     });
}

// Trains LeNet on MNIST.
#include "plugrad/examples/common/classification.h"
#include "plugrad/examples/common/run_example.h"
#include "plugrad/examples/lenet/model.h"

int main(int argc, char** argv) {
  using namespace plugrad::examples;
  const Options defaults{.epochs = 1, .batchsize = 100, .lr = 0.1, .winit = 0};  // 0: Xavier's range
  return run_example(argc, argv, "LeNet on MNIST's digits.", defaults, [](const Options& options) {
    lenet::Model model = lenet::initial(options.winit);
    train_classifier("LeNet", options, model, lenet::predict, lenet::loss);
  });
}

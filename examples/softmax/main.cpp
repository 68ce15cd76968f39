// Trains softmax classification on MNIST.
#include "plugrad/examples/common/classification.h"
#include "plugrad/examples/common/run_example.h"
#include "plugrad/examples/softmax/model.h"

int main(int argc, char** argv) {
  using namespace plugrad::examples;
  const Options defaults{.epochs = 10, .batchsize = 100, .lr = 0.5, .winit = 0.1};
  return run_example(
      argc, argv, "Softmax classification of MNIST's digits.", defaults, [](const Options& options) {
        softmax::Model model = softmax::initial(options.winit);
        const auto predict = [](const softmax::Model& m, const plugrad::Array& x) { return m(x); };
        train_classifier("Softmax classification", options, model, predict, softmax::loss);
      });
}

// Trains linear regression on the housing data.
#include "plugrad/examples/housing/model.h"

#include "plugrad/examples/common/classification.h"
#include "plugrad/examples/common/run_example.h"
#include "plugrad/nn/data/housing.h"

namespace plugrad::examples {

void run(const Options& options) {
  const Housing data = load_housing(options.data);
  std::cout << "data: " << data.origin.sentence << std::endl;
  const int64_t rows = data.x.dim(0);
  Minibatches batches(data.x, data.y,
                      options.batchsize > 0 ? std::min<int64_t>(options.batchsize, rows) : rows,
                      {.keep_partial = true});
  housing::Model model = housing::initial(data.x.dim(1), options.winit);
  if (options.gcheck > 0)
    print_gradcheck(gradcheck(housing::loss, model, options.gcheck, options.seed, data.x, data.y));
  TrainingLog log("Linear regression", "mean squared error", options.plot);
  const auto report = [&](int epoch) {
    if (!options.fast) log.add(epoch, housing::loss(model, data.x, data.y).item());
  };
  report(0);
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    train_epoch(model, housing::loss, batches, options.lr);
    report(epoch);
  }
  log.save_plot();
}

}  // namespace plugrad::examples

int main(int argc, char** argv) {
  using namespace plugrad::examples;
  const Options defaults{.epochs = 20, .batchsize = 506, .lr = 0.1, .winit = 0.1};
  return run_example(argc, argv, "Linear regression on the housing data.", defaults, run);
}

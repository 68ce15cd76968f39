#include "plugrad/benchmarks/common/workloads.h"

#include <memory>

#include "plugrad/benchmarks/common/golden.h"
#include "plugrad/benchmarks/common/row_makers.h"
#include "plugrad/nn/data/housing.h"
#include "plugrad/nn/data/minibatch.h"
#include "plugrad/nn/data/mnist.h"
#include "plugrad/nn/data/text.h"

namespace plugrad::benchmarks {

namespace {

// The model of a row, its initial values, and its batches.
template <class Model>
struct Training {
  Model initial, model;
  std::vector<Batch> batches;

  void reset() {
    model = initial;
    visit(model, [](Array& a) { a = copy(a); });
  }
};

template <class Model>
std::shared_ptr<Training<Model>> training(Model initial, std::vector<Batch> batches) {
  auto t = std::make_shared<Training<Model>>();
  t->initial = std::move(initial);
  t->batches = std::move(batches);
  t->reset();
  return t;
}

std::vector<Batch> batches_of(const Array& x, const Array& y, int64_t size) {
  Minibatches m(x, y, size);
  return {m.begin(), m.end()};
}

// A row whose loss takes batches one by one.
template <class Model, class Loss>
Workload supervised(std::string name, std::string dataset, int epochs, double lr, Loss loss,
                    std::shared_ptr<Training<Model>> t, const DataOrigin& origin) {
  Workload w{.name = std::move(name),
             .dataset = std::move(dataset),
             .epochs = epochs,
             .substitute = origin.substitute};
  w.batch = static_cast<int>(t->batches.front().x.dim(0));
  w.updates = epochs * static_cast<int>(t->batches.size());
  w.reset = [t] { t->reset(); };
  w.train = [t, loss, epochs, lr] {
    for (int e = 0; e < epochs; ++e) train_epoch(t->model, loss, t->batches, lr);
  };
  w.loss = [t, loss] {
    return mean_over(t->batches, [&](const Array& x, const Array& y) { return loss(t->model, x, y); });
  };
  return w;
}

Workload linreg(const WorkloadOptions& o) {
  namespace m = examples::housing;
  const Housing data = load_housing(o.data);
  set_seed(1);
  m::Model w = o.golden.empty() ? m::initial(13, 0.1) : GoldenValues(o.golden).linreg();
  return supervised("LinReg", "Housing", 10'000, 0.1, m::loss,
                    training(std::move(w), batches_of(data.x, data.y, data.x.dim(0))), data.origin);
}

template <class Model, class Loss>
Workload classifier(std::string name, int epochs, double lr, Loss loss, Model initial,
                    const WorkloadOptions& o) {
  const MnistSets mnist = load_mnist(o.data);
  return supervised(std::move(name), "MNIST", epochs, lr, loss,
                    training(std::move(initial), batches_of(mnist.train.images, mnist.train.labels, 100)),
                    mnist.origin);
}

Workload softmax(const WorkloadOptions& o) {
  namespace m = examples::softmax;
  set_seed(1);
  return classifier("Softmax", 10, 0.5, m::loss,
                    o.golden.empty() ? m::initial(0.1) : GoldenValues(o.golden).softmax(), o);
}

Workload mlp(const WorkloadOptions& o) {
  namespace m = examples::mlp;
  set_seed(1);
  return classifier("MLP", 10, 0.5, m::loss,
                    o.golden.empty() ? m::initial({64}, 0.1) : GoldenValues(o.golden).mlp(), o);
}

Workload lenet(const WorkloadOptions& o) {
  namespace m = examples::lenet;
  set_seed(1);
  return classifier("LeNet", 1, 0.1, m::loss,
                    o.golden.empty() ? m::initial(0) : GoldenValues(o.golden).lenet(), o);
}

Workload charlm(const WorkloadOptions& o) {
  namespace m = examples::charlm;
  constexpr int64_t rows = 128, steps = 100;
  constexpr double lr = 4, gclip = 3;
  const Text text = load_text(o.data);
  set_seed(1);
  m::Model w =
      o.golden.empty() ? m::initial(text.vocabulary.size(), 256, 256, 0.3) : GoldenValues(o.golden).charlm();
  const auto t = training(std::move(w), text_windows(text.ids, rows, steps));
  Workload row{.name = "CharLM",
               .dataset = "Hiawatha",
               .epochs = 1,
               .batch = rows,
               .substitute = text.origin.substitute};
  row.updates = static_cast<int>(t->batches.size());
  row.reset = [t] { t->reset(); };
  row.train = [t] { m::train(t->model, t->batches, lr, gclip); };
  row.loss = [t] {
    LstmState state;
    return mean_over(t->batches,
                     [&](const Array& x, const Array& y) { return m::loss(t->model, x, y, state); });
  };
  return row;
}

}  // namespace

std::vector<Workload> make_workloads(const std::vector<std::string>& names, const WorkloadOptions& options) {
  return make_rows(
      {{{"LinReg", linreg}, {"Softmax", softmax}, {"MLP", mlp}, {"LeNet", lenet}, {"CharLM", charlm}}}, names,
      options);
}

}  // namespace plugrad::benchmarks

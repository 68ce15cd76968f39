#include "plugrad/benchmarks/floor/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plugrad/benchmarks/common/golden.h"
#include "plugrad/benchmarks/common/row_makers.h"
#include "plugrad/benchmarks/floor/trainer.h"
#include "plugrad/nn/data/housing.h"
#include "plugrad/nn/data/mnist.h"
#include "plugrad/nn/data/text.h"

namespace plugrad::by_hand {

using benchmarks::GoldenValues;
using benchmarks::Workload;
using benchmarks::WorkloadOptions;

namespace {

// How closely, and for how many updates, the first losses follow those that are known. CharLM's start is
// chaotic.
constexpr double tolerance = 1e-4;
constexpr size_t updates_checked = 10, charlm_updates_checked = 1;

template <class Model>
Parameters parameters_of(Model model) {
  Parameters all;
  visit(model, [&](Array& a) { all.push_back(a.to_vector<float>()); });
  return all;
}

void check_first_losses(Trainer& trainer, const Workload& w, float lr, size_t count,
                        const std::string& golden) {
  const std::filesystem::path path = std::filesystem::path(golden) / "losses.json";
  if (golden.empty() || !std::filesystem::exists(path)) return;
  std::ifstream file(path);
  std::string row = w.name;
  std::transform(row.begin(), row.end(), row.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto expected = nlohmann::json::parse(file).at("losses").at(row).get<std::vector<double>>();
  for (size_t i = 0; i < std::min(count, expected.size()); ++i) {
    const double loss = trainer.update(static_cast<int64_t>(i) % trainer.batches(), lr);
    if (!(std::abs(loss - expected[i]) <= tolerance * std::abs(expected[i])))
      throw Error(fmt::format("{}: the loss before update {} is {:.7g}, but {} has {:.7g}", w.name, i + 1,
                              loss, path.string(), expected[i]));
  }
}

// `w` with the functions that train.
Workload complete(Workload w, std::shared_ptr<Trainer> trainer, Parameters initial, float lr, size_t checked,
                  const WorkloadOptions& o) {
  const auto reset = [trainer, initial] {
    trainer->set_parameters(initial);
    trainer->restart();
  };
  reset();
  check_first_losses(*trainer, w, lr, checked, o.golden);
  reset();
  const int64_t batches = trainer->batches();
  w.updates = w.epochs * static_cast<int>(batches);
  w.reset = reset;
  w.train = [trainer, lr, epochs = w.epochs, batches] {
    for (int e = 0; e < epochs; ++e)
      for (int64_t b = 0; b < batches; ++b) trainer->update(b, lr);
  };
  w.loss = [trainer, batches] {
    trainer->restart();
    double total = 0;
    for (int64_t b = 0; b < batches; ++b) total += trainer->update(b, 0);
    return total / static_cast<double>(batches);
  };
  return w;
}

Workload linreg(const WorkloadOptions& o) {
  const Housing data = load_housing(o.data);
  set_seed(1);
  const auto initial =
      o.golden.empty() ? examples::housing::initial(13, 0.1) : GoldenValues(o.golden).linreg();
  return complete({.name = "LinReg",
                   .dataset = "Housing",
                   .epochs = 10'000,
                   .batch = static_cast<int>(data.x.dim(0)),
                   .substitute = data.origin.substitute},
                  make_linreg(data.x.to_vector<float>(), data.y.to_vector<float>()), parameters_of(initial),
                  0.1F, updates_checked, o);
}

template <class Model>
Workload classifier(std::string name, int epochs, float lr,
                    std::unique_ptr<Trainer> (*make)(std::vector<float>, std::vector<int32_t>), Model initial,
                    const WorkloadOptions& o) {
  const MnistSets mnist = load_mnist(o.data);
  return complete({.name = std::move(name),
                   .dataset = "MNIST",
                   .epochs = epochs,
                   .batch = static_cast<int>(batch_size),
                   .substitute = mnist.origin.substitute},
                  make(mnist.train.images.to_vector<float>(), mnist.train.labels.to_vector<int32_t>()),
                  parameters_of(std::move(initial)), lr, updates_checked, o);
}

Workload softmax(const WorkloadOptions& o) {
  set_seed(1);
  return classifier("Softmax", 10, 0.5F, make_softmax,
                    o.golden.empty() ? examples::softmax::initial(0.1) : GoldenValues(o.golden).softmax(), o);
}

Workload mlp(const WorkloadOptions& o) {
  set_seed(1);
  return classifier("MLP", 10, 0.5F, make_mlp,
                    o.golden.empty() ? examples::mlp::initial({64}, 0.1) : GoldenValues(o.golden).mlp(), o);
}

Workload lenet(const WorkloadOptions& o) {
  set_seed(1);
  return classifier("LeNet", 1, 0.1F, make_lenet,
                    o.golden.empty() ? examples::lenet::initial(0) : GoldenValues(o.golden).lenet(), o);
}

Workload charlm(const WorkloadOptions& o) {
  constexpr int64_t steps = 100;
  const Text text = load_text(o.data);
  const int64_t characters = text.vocabulary.size();
  set_seed(1);
  const auto initial = o.golden.empty()
                           ? examples::charlm::initial(characters, embedding_size, hidden_size, 0.3)
                           : GoldenValues(o.golden).charlm();
  std::vector<Window> windows;
  for (const auto& [x, y] : text_windows(text.ids, text_rows, steps))
    windows.push_back({x.to_vector<int32_t>(), y.to_vector<int32_t>()});
  return complete({.name = "CharLM",
                   .dataset = "Hiawatha",
                   .epochs = 1,
                   .batch = static_cast<int>(text_rows),
                   .substitute = text.origin.substitute},
                  make_charlm(std::move(windows), characters), parameters_of(initial), 4,
                  charlm_updates_checked, o);
}

}  // namespace

std::vector<Workload> make_workloads(const std::vector<std::string>& names, const WorkloadOptions& options) {
  return benchmarks::make_rows(
      {{{"LinReg", linreg}, {"Softmax", softmax}, {"MLP", mlp}, {"LeNet", lenet}, {"CharLM", charlm}}}, names,
      options);
}

}  // namespace plugrad::by_hand

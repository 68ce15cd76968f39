#include "plugrad/tests/cuda/small_models.h"

#include "plugrad/examples/charlm/model.h"
#include "plugrad/examples/housing/model.h"
#include "plugrad/examples/lenet/model.h"
#include "plugrad/examples/mlp/model.h"
#include "plugrad/examples/softmax/model.h"
#include "plugrad/nn/data/minibatch.h"

namespace plugrad::tests {

namespace {

// `loss` may keep a state between updates.
template <class Model, class Loss>
Step training(Model model, Loss loss, std::vector<Batch> batches, double lr, double clip, Device device) {
  visit(model, [device](Array& a) { a = copy(a).to(device); });
  for (Batch& b : batches) b = {b.x.to(device), b.y.to(device)};
  return [model = std::move(model), gradient = value_and_grad(std::move(loss)), batches = std::move(batches),
          lr, clip, next = size_t{0}]() mutable {
    const Batch& b = batches[next++ % batches.size()];
    auto [value, g] = gradient(model, b.x, b.y);
    clip_global_norm(g, clip);
    sgd(model, g, lr);
    return value;
  };
}

std::vector<Batch> digits(int64_t n, int64_t rows) {
  std::vector<int64_t> y(static_cast<size_t>(rows));
  std::vector<Batch> batches;
  for (int64_t b = 0; b < n; ++b) {
    for (int64_t i = 0; i < rows; ++i) y[static_cast<size_t>(i)] = (b + i * 7) % 10;
    batches.push_back({uniform({rows, 784}), Array::from_data(y, {rows})});
  }
  return batches;
}

Step charlm(Device device) {
  namespace m = examples::charlm;
  constexpr int64_t characters = 30, rows = 4, steps = 6, n = 3;
  std::vector<int64_t> text(n * rows * steps + 1);
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<int64_t>(i * i + i / 3) % characters;
  std::vector<Batch> windows;
  for (int64_t w = 0; w < n; ++w) {
    const auto part = [&](int64_t shift) {
      const auto first = text.begin() + w * rows * steps + shift;
      return Array::from_data(std::vector<int64_t>(first, first + rows * steps), {steps, rows});
    };
    windows.push_back({part(0), part(1)});
  }
  m::Model model = m::initial(characters, 16, 16, 0.3);
  const auto state = std::make_shared<LstmState>();
  const auto loss = [state](const m::Model& weights, const Array& x, const Array& y) {
    return m::loss(weights, x, y, *state);
  };
  return training(std::move(model), loss, std::move(windows), 0.5, 3, device);
}

Step make(const std::string& model, Device device) {
  if (model == "Housing") {
    const Array x = normal({50, 13}), y = normal({50, 1}, 20, 5);
    return training(examples::housing::initial(13, 0.1), examples::housing::loss, {{x, y}}, 0.1, 0, device);
  }
  if (model == "Softmax")
    return training(examples::softmax::initial(0.1), examples::softmax::loss, digits(3, 20), 0.1, 0, device);
  if (model == "Mlp")
    return training(examples::mlp::initial({64}, 0.1), examples::mlp::loss, digits(3, 20), 0.1, 0, device);
  if (model == "LeNet")
    return training(examples::lenet::initial(0), examples::lenet::loss, digits(2, 2), 0.02, 0, device);
  return charlm(device);
}

}  // namespace

Step small_training(const std::string& model, Device device) {
  const std::string before = to_string(default_device());
  set_default_device("reference");
  set_seed(3);
  Step step = make(model, device);
  set_default_device(before);
  return step;
}

}  // namespace plugrad::tests

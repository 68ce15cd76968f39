// A language model over characters: embedding, LSTM, softmax.
#pragma once

#include "plugrad/nn/nn.h"

namespace plugrad::examples::charlm {

struct Model {
  Array embed;
  Lstm lstm;
  Linear out;
};

inline Model initial(int64_t characters, int64_t embed, int64_t hidden, double winit) {
  return {.embed = normal({characters, embed}, 0, winit),
          .lstm = initial_lstm(embed, hidden, winit),
          .out = initial_linear(hidden, characters, winit)};
}

// x and y: [steps, rows] characters and those that follow them. The state goes on to the next call.
inline Array loss(const Model& model, const Array& x, const Array& y, LstmState& state) {
  auto [hidden, last] = model.lstm(embedding(model.embed, x), state);
  state = std::move(last);
  return cross_entropy(model.out(reshape(hidden, {y.size(), -1})), flatten(y));
}

// One pass over the text; the state is carried from window to window. Returns the mean loss.
template <class Windows>
double train(Model& model, Windows&& windows, double lr, double gclip) {
  LstmState state;
  const auto gradient =
      value_and_grad([&](const Model& m, const Array& x, const Array& y) { return loss(m, x, y, state); });
  double total = 0;
  for (const auto& [x, y] : windows) {
    auto [value, g] = gradient(model, x, y);
    clip_global_norm(g, gclip);
    sgd(model, g, lr);
    total += value.item();
  }
  return total / static_cast<double>(windows.size());
}

}  // namespace plugrad::examples::charlm

// Sequences go through a layer as a whole: one product for the inputs of all steps, then step by step.
#include "plugrad/nn/recurrent.h"

#include <fmt/format.h>

#include <span>

namespace plugrad {

namespace {

void check_sequence(const char* name, const Array& x, size_t layers, const std::vector<Array>& state) {
  if (x.ndim() != 3 || x.dim(0) == 0)
    throw ShapeError(fmt::format("{}: needs x [steps, n, features] of at least one step, not of shape {}",
                                 name, to_string(x.shape())));
  if (!state.empty() && state.size() != layers)
    throw ShapeError(fmt::format("{}: a state of {} layers for {}", name, state.size(), layers));
}

// A layer's state at the beginning.
Array initial_state(const std::vector<Array>& given, size_t layer, const Array& x, const Array& w_h) {
  if (!given.empty()) return given[layer];
  return zeros({x.dim(1), w_h.dim(0)}, w_h.dtype(), w_h.device());
}

// Appends x [steps n, width], cut into steps. Views: more of them than an op has outputs are cut in halves
// first, so that the gradient does not put each together with zeros for all others.
void append_steps(std::vector<Array>& all, const Array& x, int64_t steps) {
  if (steps > max_outputs) {
    const int64_t half = steps / 2, rows = x.dim(0) / steps * half;
    append_steps(all, slice(x, 0, 0, rows), half);
    append_steps(all, slice(x, 0, rows, x.dim(0)), steps - half);
  } else {
    for (Array& step : split(x, static_cast<int>(steps), 0)) all.push_back(std::move(step));
  }
}

Array join_steps(std::span<const Array> all) {
  if (all.size() <= max_inputs) return concat(all, 0);
  const size_t half = all.size() / 2;
  return concat({join_steps(all.first(half)), join_steps(all.subspan(half))}, 0);
}

// One layer: step(gates) gives the hidden state that follows from the gates of an input.
template <class Step>
Array over_steps(const Array& x, const Array& w_x, const Array& b, Step step) {
  const int64_t steps = x.dim(0), n = x.dim(1);
  std::vector<Array> gates, hidden;
  append_steps(gates, matmul(reshape(x, {steps * n, x.dim(2)}), w_x) + b, steps);
  for (const Array& g : gates) hidden.push_back(step(g));
  return reshape(join_steps(hidden), {steps, n, hidden[0].dim(1)});
}

Array dropped(const Array& x, double p, Generator& g) { return p > 0 ? dropout(x, p, g) : x; }

}  // namespace

LstmResult Lstm::operator()(const Array& x, const LstmState& state, Generator& g) const {
  check_sequence("lstm", x, layers.size(), state.h);
  check_sequence("lstm", x, layers.size(), state.c);
  LstmResult result{x, {}};
  for (size_t k = 0; k < layers.size(); ++k) {
    const auto& [w_x, w_h, b] = layers[k];
    LstmCellResult now{initial_state(state.h, k, x, w_h), initial_state(state.c, k, x, w_h)};
    const Array in = k > 0 ? dropped(result.y, dropout, g) : x;
    result.y = over_steps(in, w_x, b, [&](const Array& gates) {
      now = lstm_cell(gates + matmul(now.h, w_h), now.c);
      return now.h;
    });
    result.state.h.push_back(now.h);
    result.state.c.push_back(now.c);
  }
  return result;
}

GruResult Gru::operator()(const Array& x, const GruState& state, Generator& g) const {
  check_sequence("gru", x, layers.size(), state);
  GruResult result{x, {}};
  for (size_t k = 0; k < layers.size(); ++k) {
    const auto& [w_x, w_h, b_x, b_h] = layers[k];
    Array h = initial_state(state, k, x, w_h);
    const Array in = k > 0 ? dropped(result.y, dropout, g) : x;
    result.y = over_steps(in, w_x, b_x, [&](const Array& gates) {
      h = gru_cell(gates, matmul(h, w_h) + b_h, h);
      return h;
    });
    result.state.push_back(h);
  }
  return result;
}

}  // namespace plugrad

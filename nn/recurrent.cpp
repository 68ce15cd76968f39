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

// x [steps, n, in] -> [steps n, in], for one product.
Array all_rows(const Array& x) { return reshape(x, {x.dim(0) * x.dim(1), x.dim(2)}); }

// One layer: step(gates) gives the hidden state that follows from the gates of an input; all of them
// together.
template <class Step>
Array over_steps(const Array& gates, const Array& x, Step step) {
  std::vector<Array> gates_of_step, hidden;
  append_steps(gates_of_step, gates, x.dim(0));
  for (const Array& g : gates_of_step) hidden.push_back(step(g));
  return reshape(join_steps(hidden), {x.dim(0), x.dim(1), hidden[0].dim(1)});
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
    result.y = over_steps(matmul(all_rows(in), w_x), in, [&](const Array& gates) {
      now = lstm_cell(gates + linear(now.h, w_h, b), now.c);
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
    result.y = over_steps(linear(all_rows(in), w_x, b_x), in, [&](const Array& gates) {
      h = gru_cell(gates, linear(h, w_h, b_h), h);
      return h;
    });
    result.state.push_back(h);
  }
  return result;
}

}  // namespace plugrad

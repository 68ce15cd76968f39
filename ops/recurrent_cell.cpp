// One step of recurrent networks: what follows after the products, element by element.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

using Input = Sample::Input;

// [n, gates x hidden] beside a state [n, hidden].
void check_gates(const Inference& i, int input, int state, int64_t gates) {
  const Array &g = i.in(input), &s = i.in(state);
  if (g.ndim() != 2 || s.ndim() != 2) i.fail("needs matrices");
  if (g.dims()[0] != s.dims()[0] || g.dims()[1] != gates * s.dims()[1])
    i.fail(fmt::format("needs {} gates for each element of the state", gates));
}

// 1 - y^2, the derivative of tanh where it is y; and that of sigmoid.
Array of_tanh(const Array& y) { return 1 - square(y); }
Array of_sigmoid(const Array& y) { return y * (1 - y); }

// ---- lstm_cell ----

struct LstmGates {
  Array forget, input, output, change;
};
LstmGates lstm_gates(const Array& gates) {
  const auto [forget, input, output, change] = split<4>(gates, 1);
  return {sigmoid(forget), sigmoid(input), sigmoid(output), tanh(change)};
}
Array next_cell(const LstmGates& g, const Array& c) { return c * g.forget + g.input * g.change; }

// The gradient in the new cell: its own, and that through the hidden state.
Array cell_gradient(const Gradient& g, const LstmGates& gates, const Array& tanh_c) {
  return g.dy(1) + g.dy(0) * gates.output * of_tanh(tanh_c);
}

Array lstm_gates_gradient(const Gradient& g) {
  const LstmGates gates = lstm_gates(g.in(0));
  const Array tanh_c = tanh(next_cell(gates, g.in(1))), dc = cell_gradient(g, gates, tanh_c);
  return concat({dc * g.in(1) * of_sigmoid(gates.forget), dc * gates.change * of_sigmoid(gates.input),
                 g.dy(0) * tanh_c * of_sigmoid(gates.output), dc * gates.input * of_tanh(gates.change)},
                1);
}
Array lstm_state_gradient(const Gradient& g) {
  const LstmGates gates = lstm_gates(g.in(0));
  return cell_gradient(g, gates, tanh(next_cell(gates, g.in(1)))) * gates.forget;
}

// The activations are computed again for the gradient: that costs less than keeping them.
const BuiltinOp lstm_cell_op(
    {.name = "lstm_cell",
     .n_in = 2,
     .n_out = 2,
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote,
     .dtypes = {floating},
     .infer =
         [](Inference& i) {
           check_gates(i, 0, 1, 4);
           for (int k = 0; k < 2; ++k) {
             i.out(k).shape = i.in(1).shape();
             i.out(k).dtype = i.in(1).dtype();
           }
         },
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(0) | input(1), .composition = lstm_gates_gradient},
                  {.needs = input(0) | input(1), .composition = lstm_state_gradient}},
     .composition =
         [](const Composition& c) {
           const LstmGates gates = lstm_gates(c.in(0));
           c.out(1) = next_cell(gates, c.in(1));
           c.out(0) = gates.output * tanh(c.out(1));
         },
     .samples =
         [](Samples& s) {
           const auto add = [&](int64_t n, int64_t hidden) {
             s.add({Input({n, 4 * hidden}, -4, 4), Input({n, hidden}, -2, 2)}, {}, 2);
           };
           add(1, 1);
           add(3, 1);
           add(2, 3);
           add(0, 3);
           add(2, 0);
           add(5, 17);
           add(8, 64);
           add(1, 300);
           add(300, 1000);
           s.add({Input({3, 16}, -4, 4).with(Input::transposed), Input({3, 4}, -2, 2)}, {}, 2);
           s.add({Input({3, 16}, -4, 4), Input({3, 4}, -2, 2).with(Input::strided)}, {}, 2);
         }});

// ---- gru_cell ----

struct GruGates {
  Array reset, update, change, change_h;
};
GruGates gru_gates(const Array& x_gates, const Array& h_gates) {
  const auto [reset_x, update_x, change_x] = split<3>(x_gates, 1);
  const auto [reset_h, update_h, change_h] = split<3>(h_gates, 1);
  const Array reset = sigmoid(reset_x + reset_h);
  return {reset, sigmoid(update_x + update_h), tanh(change_x + reset * change_h), change_h};
}

// In the gates before their activation, where `change` comes from the input, or from the hidden state.
Array gru_gates_gradient(const Gradient& g) {
  const GruGates gates = gru_gates(g.in(0), g.in(1));
  const Array change = g.dy() * (1 - gates.update) * of_tanh(gates.change);
  return concat({change * gates.change_h * of_sigmoid(gates.reset),
                 g.dy() * (g.in(2) - gates.change) * of_sigmoid(gates.update),
                 g.input() == 0 ? change : change * gates.reset},
                1);
}
Array gru_state_gradient(const Gradient& g) { return g.dy() * gru_gates(g.in(0), g.in(1)).update; }

const BuiltinOp gru_cell_op(
    {.name = "gru_cell",
     .n_in = 3,
     .kind = OpKind::composite,
     .dtype_rule = DTypeRule::promote,
     .dtypes = {floating},
     .infer =
         [](Inference& i) {
           check_gates(i, 0, 2, 3);
           check_gates(i, 1, 2, 3);
           i.out().shape = i.in(2).shape();
           i.out().dtype = i.in(2).dtype();
         },
     .differentiability = Differentiability::differentiable,
     .gradient = {{.needs = input(0) | input(1) | input(2), .composition = gru_gates_gradient},
                  {.needs = input(0) | input(1) | input(2), .composition = gru_gates_gradient},
                  {.needs = input(0) | input(1) | input(2), .composition = gru_state_gradient}},
     .composition =
         [](const Composition& c) {
           const GruGates gates = gru_gates(c.in(0), c.in(1));
           c.out() = (1 - gates.update) * gates.change + gates.update * c.in(2);
         },
     .samples =
         [](Samples& s) {
           const auto gates = [](int64_t n, int64_t hidden) { return Input({n, 3 * hidden}, -3, 3); };
           const auto state = [](int64_t n, int64_t hidden) { return Input({n, hidden}, -1, 1); };
           const std::pair<int64_t, int64_t> sizes[] = {{1, 1}, {3, 1},  {2, 2},  {2, 3},   {0, 3},
                                                        {2, 0}, {5, 17}, {8, 64}, {1, 300}, {300, 1000}};
           for (const auto& [n, hidden] : sizes)
             s.add({gates(n, hidden), gates(n, hidden), state(n, hidden)});
           s.add({gates(3, 4).with(Input::transposed), gates(3, 4), state(3, 4).with(Input::strided)});
           s.add({gates(3, 4), gates(3, 4).with(Input::strided), state(3, 4)});
         }});

}  // namespace

LstmCellResult lstm_cell(const Array& gates, const Array& c) {
  auto [h, next] = lstm_cell_op.outputs<2>({gates, c});
  return {std::move(h), std::move(next)};
}
Array gru_cell(const Array& x_gates, const Array& h_gates, const Array& h) {
  return gru_cell_op({x_gates, h_gates, h});
}

}  // namespace plugrad

// Recurrent networks over whole sequences: in each layer the inputs of all steps go through one product, then
// each step is a product with the hidden state, and a fused cell.
#pragma once

#include <vector>

#include "plugrad/ops/ops.h"

namespace plugrad {

// The hidden states and cells of a long short-term memory, [n, hidden] for each layer. Empty: zeros.
struct LstmState {
  std::vector<Array> h, c;
};
struct LstmResult {
  Array y;          // [steps, n, hidden]: the last layer's hidden states
  LstmState state;  // after the last step: the rest of the sequence may begin with it
};

// A long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).
struct Lstm {
  // gates = x w_x + h w_h + b, in the order forget, input, output, change.
  struct Layer {
    Array w_x, w_h, b;  // [in, 4 hidden], [hidden, 4 hidden], [4 hidden]
  };
  std::vector<Layer> layers;
  double dropout = 0;  // of what one layer hands to the next, while training

  // x [steps, n, in], of at least one step. ShapeError where x or the state does not fit.
  PLUGRAD_PUBLIC LstmResult operator()(const Array& x, const LstmState& state = {},
                                       Generator& g = default_generator()) const;
};

// The hidden states of gated recurrent units, [n, hidden] for each layer. Empty: zeros.
using GruState = std::vector<Array>;
struct GruResult {
  Array y;
  GruState state;
};

// Gated recurrent units (Cho et al. 2014; the reset gate after the product, as cuDNN has it).
struct Gru {
  // Gates x w_x + b_x and h w_h + b_h, in the order reset, update, change.
  struct Layer {
    Array w_x, w_h, b_x, b_h;  // [in, 3 hidden], [hidden, 3 hidden], [3 hidden], [3 hidden]
  };
  std::vector<Layer> layers;
  double dropout = 0;

  PLUGRAD_PUBLIC GruResult operator()(const Array& x, const GruState& state = {},
                                      Generator& g = default_generator()) const;
};

}  // namespace plugrad

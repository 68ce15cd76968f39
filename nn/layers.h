// Layers: parameters with the function that they are for. Aggregates, so grad, checkpoints and optimisers see
// inside.
#pragma once

#include "plugrad/ops/ops.h"

namespace plugrad {

// x [n, in] -> x w + b [n, out]; w [in, out], b [out].
struct Linear {
  Array w, b;
  Array operator()(const Array& x) const { return matmul(x, w) + b; }
};

// x [n, in, h, w] -> [n, out, oh, ow]; w [out, in / groups, kh, kw], b [out].
struct Conv2d {
  Array w, b;
  Array operator()(const Array& x, const Conv2dOptions& options = {}) const {
    return conv2d(x, w, options) + reshape(b, Shape{b.size(), 1, 1});
  }
};

// x [n, in, h, w] -> [n, out, oh, ow]; w [in, out / groups, kh, kw], b [out].
struct ConvTranspose2d {
  Array w, b;
  Array operator()(const Array& x, const ConvTranspose2dOptions& options = {}) const {
    return conv_transpose2d(x, w, options) + reshape(b, Shape{b.size(), 1, 1});
  }
};

// The hidden state and the cell of a long short-term memory, [n, hidden] each.
struct LstmState {
  Array h, c;
};

// One step of a long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.
// 2000): gates = [x, h] w + b, in the order forget, input, output, change; w [in + hidden, 4 hidden], b [4
// hidden].
struct Lstm {
  Array w, b;
  // Zeros for `n` rows.
  LstmState initial_state(int64_t n) const {
    const Shape shape{n, b.size() / 4};
    return {full(shape, 0, b.dtype(), b.device()), full(shape, 0, b.dtype(), b.device())};
  }
  LstmState operator()(const Array& x, const LstmState& s) const {
    const auto [forget, input, output, change] = split<4>(matmul(concat({x, s.h}, 1), w) + b, 1);
    const Array c = s.c * sigmoid(forget) + sigmoid(input) * tanh(change);
    return {sigmoid(output) * tanh(c), c};
  }
};

}  // namespace plugrad

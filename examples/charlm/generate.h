// Text from a model of characters: one character after the other, drawn from what the model expects.
#pragma once

#include <random>

#include "plugrad/examples/charlm/model.h"

namespace plugrad::examples::charlm {

// `n` characters, the first one following the character `last`.
inline std::vector<int32_t> generate(const Model& model, int n, int32_t last, uint64_t seed) {
  std::mt19937_64 random(seed);
  LstmState state;
  std::vector<int32_t> ids;
  for (int i = 0; i < n; ++i) {
    state = model.lstm(embedding(model.embed, Array::from_data<int32_t>({last}, {1, 1})), state).state;
    const std::vector<float> p = flatten(plugrad::softmax(model.out(state.h[0]))).to_vector<float>();
    last = std::discrete_distribution<int32_t>(p.begin(), p.end())(random);
    ids.push_back(last);
  }
  return ids;
}

}  // namespace plugrad::examples::charlm

// Initial values of the five models from files, as other frameworks write them: .npy, one per array. The
// filters are (out, in, h, w), the fully connected weights of LeNet (out, in), all others (in, out).
#pragma once

#include <filesystem>

#include "plugrad/examples/charlm/model.h"
#include "plugrad/examples/housing/model.h"
#include "plugrad/examples/lenet/model.h"
#include "plugrad/examples/mlp/model.h"
#include "plugrad/examples/softmax/model.h"
#include "plugrad/nn/checkpoint/npy.h"

namespace plugrad::benchmarks {

class GoldenValues {
 public:
  explicit GoldenValues(std::filesystem::path folder) : folder_(std::move(folder)) {}

  examples::housing::Model linreg() const { return {load("linreg.w"), load("linreg.b")}; }
  examples::softmax::Model softmax() const { return {load("softmax.w"), load("softmax.b")}; }
  examples::mlp::Model mlp() const {
    return {{load("mlp.w1"), load("mlp.b1")}, {load("mlp.w2"), load("mlp.b2")}};
  }
  examples::lenet::Model lenet() const {
    return {.conv1 = {load("lenet.conv1.w"), load("lenet.conv1.b")},
            .conv2 = {load("lenet.conv2.w"), load("lenet.conv2.b")},
            .fc1 = {copy(transpose(load("lenet.fc1.w"))), load("lenet.fc1.b")},
            .fc2 = {copy(transpose(load("lenet.fc2.w"))), load("lenet.fc2.b")}};
  }
  examples::charlm::Model charlm() const {
    const Array embed = load("charlm.embed"), w = load("charlm.lstm.w");  // of [x, h]
    const Array w_x = copy(slice(w, 0, 0, embed.dim(1))), w_h = copy(slice(w, 0, embed.dim(1), w.dim(0)));
    return {.embed = embed,
            .lstm = {.layers = {{w_x, w_h, load("charlm.lstm.b")}}},
            .out = {load("charlm.out.w"), load("charlm.out.b")}};
  }

 private:
  Array load(const std::string& name) const { return load_npy(folder_ / (name + ".npy")); }
  std::filesystem::path folder_;
};

}  // namespace plugrad::benchmarks

// A multilayer perceptron of 64 hidden units: two products of oneDNN's with the images, the second of which
// subtracts the gradient from the weights, and what lies between them in a few passes over 64 x 100 values.
#include "plugrad/benchmarks/floor/targets.h"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/benchmarks/floor/mlp.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "plugrad/benchmarks/floor/classifier-inl.h"
#include "plugrad/benchmarks/floor/sgemm.h"

#ifndef PLUGRAD_BENCHMARKS_FLOOR_MLP_
#define PLUGRAD_BENCHMARKS_FLOOR_MLP_
namespace plugrad::by_hand {
namespace {

constexpr int64_t units = 64;

struct Perceptron {
  Buffer<float> w{pixels * units}, b{units};
  Output output{units};
  Buffer<float> h{units * batch_stride}, dh{units * batch_stride};
};

}  // namespace
}  // namespace plugrad::by_hand
#endif

HWY_BEFORE_NAMESPACE();
namespace plugrad::by_hand::HWY_NAMESPACE {
namespace {

// From the product of images and weights in h to the gradient there, in dh.
double step_hidden(Perceptron& m, const int32_t* labels, float lr) {
  add_bias_relu(m.h.data(), m.b.data(), units);
  const double loss = step_output(m.output, m.h.data(), labels, m.dh.data(), lr);
  update_bias(m.b.data(), m.dh.data(), units, lr);
  return loss;
}

}  // namespace
}  // namespace plugrad::by_hand::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::by_hand {
namespace {

HWY_EXPORT(step_hidden);

class Mlp : public Trainer {
 public:
  Mlp(const std::vector<float>& x, std::vector<int32_t> labels) : data_(x, std::move(labels)) {}
  void set_parameters(const Parameters& p) override {
    model_.w.assign(p[0]);
    model_.b.assign(p[1]);
    model_.output.set(p[2], p[3]);
  }
  Parameters parameters() const override {
    return {model_.w.values(), model_.b.values(), model_.output.weights(), model_.output.b.values()};
  }
  int64_t batches() const override { return data_.size(); }
  double update(int64_t batch, float lr) override {
    const float* x = data_.images(batch);
    Perceptron& m = model_;
    sgemm(units, batch_size, pixels, 1, transposed(m.w.data(), units), transposed(x, pixels), 0, m.h.data(),
          batch_stride);
    const double loss = HWY_DYNAMIC_DISPATCH(step_hidden)(m, data_.labels_of(batch), lr);
    sgemm(pixels, units, batch_size, -lr, transposed(x, pixels), transposed(m.dh.data(), batch_stride), 1,
          m.w.data(), units);
    return loss;
  }

 private:
  ImageBatches data_;
  Perceptron model_;
};

}  // namespace

std::unique_ptr<Trainer> make_mlp(std::vector<float> x, std::vector<int32_t> labels) {
  return std::make_unique<Mlp>(x, std::move(labels));
}

}  // namespace plugrad::by_hand
#endif

// What the classifiers' loops and their owners share: images in batches, and the layer that gives ten scores.
#pragma once

#include "plugrad/benchmarks/floor/buffer.h"
#include "plugrad/benchmarks/floor/trainer.h"

namespace plugrad::by_hand {

inline constexpr int64_t batch_stride = 112;  // from row to row of arrays [units, batch]: whole vectors
inline constexpr int64_t output_stride = 12;  // from row to row of the last weights: whole blocks of four

struct ImageBatches {
  Buffer<float> x;
  std::vector<int32_t> labels;

  ImageBatches(const std::vector<float>& images, std::vector<int32_t> l)
      : x(static_cast<int64_t>(images.size())), labels(std::move(l)) {
    x.assign(images);
  }
  int64_t size() const { return static_cast<int64_t>(labels.size()) / batch_size; }
  const float* images(int64_t batch) const { return x.data() + batch * batch_size * pixels; }
  const float* images_after(int64_t batch) const { return images((batch + 1) % size()); }
  const int32_t* labels_of(int64_t batch) const { return labels.data() + batch * batch_size; }
};

// The last layer: w [hidden, output_stride], b.
struct Output {
  int64_t hidden;
  Buffer<float> w, b;

  explicit Output(int64_t units) : hidden(units), w(units * output_stride), b(classes) {}
  void set(const std::vector<float>& weights, const std::vector<float>& bias) {
    for (int64_t k = 0; k < hidden; ++k)
      std::copy_n(weights.data() + k * classes, classes, w.data() + k * output_stride);
    b.assign(bias);
  }
  std::vector<float> weights() const {
    std::vector<float> all;
    for (int64_t k = 0; k < hidden; ++k)
      all.insert(all.end(), w.data() + k * output_stride, w.data() + k * output_stride + classes);
    return all;
  }
};

}  // namespace plugrad::by_hand

// Softmax classification. The weights are kept by classes, so that pixels run along the lanes forward and
// back; of each few pixels' weights the gradient stays in registers until it is subtracted. What limits it is
// the reading of the images from memory, so those of the next batch are asked for meanwhile.
#include "plugrad/benchmarks/floor/targets.h"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/benchmarks/floor/softmax.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "plugrad/benchmarks/floor/classifier-inl.h"

#ifndef PLUGRAD_BENCHMARKS_FLOOR_SOFTMAX_
#define PLUGRAD_BENCHMARKS_FLOOR_SOFTMAX_
namespace plugrad::by_hand {
namespace {

struct SoftmaxWeights {
  Buffer<float> w{classes * pixels};  // [classes, pixels]
  Buffer<float> b{classes};
};

}  // namespace
}  // namespace plugrad::by_hand
#endif

HWY_BEFORE_NAMESPACE();
namespace plugrad::by_hand::HWY_NAMESPACE {
namespace {

constexpr int tile_rows = HWY_TARGET <= HWY_AVX3 ? 2 : 1;

// z [classes, batch_stride] = w x^T + b.
HWY_INLINE void multiply_images(const SoftmaxWeights& m, const float* HWY_RESTRICT x, const float* next,
                                float* HWY_RESTRICT z) {
  constexpr Full<float> d;
  const float* HWY_RESTRICT w = m.w.data();
  for (int64_t i = 0; i < batch_size; i += tile_rows, x += tile_rows * pixels) {
    // The first half of the next batch here, the second half on the way back.
    prefetch(next + i * pixels / 2, tile_rows * pixels / 2);
    VectorTile<float, tile_rows, output_stride> sum;
#pragma GCC unroll 2
    for (int r = 0; r < tile_rows; ++r)
#pragma GCC unroll 12
      for (int c = 0; c < output_stride; ++c) sum[r][c] = hn::Zero(d);
    for (int64_t k = 0; k < pixels; k += lanes<float>) {
      VectorRow<float, tile_rows> v;
#pragma GCC unroll 2
      for (int r = 0; r < tile_rows; ++r) v[r] = hn::Load(d, x + r * pixels + k);
#pragma GCC unroll 10
      for (int c = 0; c < classes; ++c) {
        const auto u = hn::Load(d, w + c * pixels + k);
#pragma GCC unroll 2
        for (int r = 0; r < tile_rows; ++r) sum[r][c] = hn::MulAdd(u, v[r], sum[r][c]);
      }
    }
#pragma GCC unroll 2
    for (int r = 0; r < tile_rows; ++r) {
      alignas(64) float row[output_stride];
      store_sums<output_stride>(sum[r], row);
      for (int64_t c = 0; c < classes; ++c) z[c * batch_stride + i + r] = row[c] + m.b[c];
    }
  }
}

// w -= lr dz x.
template <int Vectors>
HWY_INLINE void update_pixels(float* HWY_RESTRICT w, const float* HWY_RESTRICT x, const float* next,
                              const float* HWY_RESTRICT dz, float lr) {
  constexpr Full<float> d;
  VectorTile<float, classes, Vectors> sum;
#pragma GCC unroll 10
  for (int c = 0; c < classes; ++c)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sum[c][v] = hn::Zero(d);
  for (int64_t i = 0; i < batch_size; ++i) {
    if (i >= batch_size / 2) prefetch(next + i * pixels, Vectors * lanes<float>);
    VectorRow<float, Vectors> u;
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) u[v] = hn::Load(d, x + i * pixels + v * lanes<float>);
#pragma GCC unroll 10
    for (int c = 0; c < classes; ++c) {
      const auto g = hn::Set(d, dz[i * output_stride + c]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) sum[c][v] = hn::MulAdd(g, u[v], sum[c][v]);
    }
  }
  const auto rate = hn::Set(d, lr);
#pragma GCC unroll 10
  for (int c = 0; c < classes; ++c)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      float* at = w + c * pixels + v * lanes<float>;
      hn::Store(hn::NegMulAdd(rate, sum[c][v], hn::Load(d, at)), d, at);
    }
}

double update_softmax(SoftmaxWeights& m, const float* x, const float* next, const int32_t* labels, float lr) {
  alignas(64) float z[classes * batch_stride] = {};
  alignas(64) float dz[batch_size * output_stride];
  multiply_images(m, x, next, z);
  const double loss = cross_entropy(z, labels);
  for (int64_t i = 0; i < batch_size; ++i)
    for (int64_t c = 0; c < classes; ++c) dz[i * output_stride + c] = z[c * batch_stride + i];
  constexpr int vectors = HWY_TARGET <= HWY_AVX3 ? 2 : 1;
  constexpr int64_t width = vectors * lanes<float>;
  int64_t k = 0;
  for (; k + width <= pixels; k += width) update_pixels<vectors>(m.w.data() + k, x + k, next + k, dz, lr);
  for (; k < pixels; k += lanes<float>) update_pixels<1>(m.w.data() + k, x + k, next + k, dz, lr);
  update_bias(m.b.data(), z, classes, lr);
  return loss;
}

}  // namespace
}  // namespace plugrad::by_hand::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::by_hand {
namespace {

HWY_EXPORT(update_softmax);

class Softmax : public Trainer {
 public:
  Softmax(const std::vector<float>& x, std::vector<int32_t> labels) : data_(x, std::move(labels)) {}
  void set_parameters(const Parameters& p) override {
    for (int64_t k = 0; k < pixels; ++k)
      for (int64_t c = 0; c < classes; ++c)
        model_.w[c * pixels + k] = p[0][static_cast<size_t>(k * classes + c)];
    model_.b.assign(p[1]);
  }
  Parameters parameters() const override {
    std::vector<float> w;
    for (int64_t k = 0; k < pixels; ++k)
      for (int64_t c = 0; c < classes; ++c) w.push_back(model_.w[c * pixels + k]);
    return {w, model_.b.values()};
  }
  int64_t batches() const override { return data_.size(); }
  double update(int64_t batch, float lr) override {
    return HWY_DYNAMIC_DISPATCH(update_softmax)(model_, data_.images(batch), data_.images_after(batch),
                                                data_.labels_of(batch), lr);
  }

 private:
  ImageBatches data_;
  SoftmaxWeights model_;
};

}  // namespace

std::unique_ptr<Trainer> make_softmax(std::vector<float> x, std::vector<int32_t> labels) {
  return std::make_unique<Softmax>(x, std::move(labels));
}

}  // namespace plugrad::by_hand
#endif

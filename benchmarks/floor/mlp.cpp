// A multilayer perceptron of 64 hidden units: two products with the images whose tiles are as wide as the
// hidden layer, so that nothing needs to be packed; the second subtracts the gradient from the weights. What
// lies between them is a few passes over 64 x 100 values. Meanwhile the next images are asked for.
#include "plugrad/benchmarks/floor/targets.h"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/benchmarks/floor/mlp.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "plugrad/benchmarks/floor/classifier-inl.h"

#ifndef PLUGRAD_BENCHMARKS_FLOOR_MLP_
#define PLUGRAD_BENCHMARKS_FLOOR_MLP_
namespace plugrad::by_hand {
namespace {

constexpr int64_t units = 64;

struct Perceptron {
  Buffer<float> w{pixels * units}, b{units};
  Output output{units};
  Buffer<float> rows{batch_size * units};  // of the hidden layer or its gradient, one per image
  Buffer<float> h{units * batch_stride}, dh{units * batch_stride};
};

}  // namespace
}  // namespace plugrad::by_hand
#endif

HWY_BEFORE_NAMESPACE();
namespace plugrad::by_hand::HWY_NAMESPACE {
namespace {

// Sums in registers: of images x units forward, of pixels x units back.
constexpr int tile_vectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;
constexpr int tile_images = 5;
constexpr int tile_pixels = HWY_TARGET <= HWY_AVX3 ? 7 : 4;
constexpr int64_t tile_units = tile_vectors * lanes<float>;
constexpr int64_t depth = 112;  // pixels whose weights stay in the L1 cache
static_assert(units % tile_units == 0 && batch_size % tile_images == 0 && pixels % tile_pixels == 0 &&
              pixels % depth == 0);

// sum[i][v] += x[i step] w[v].
template <int Rows>
HWY_INLINE void add_products(VectorTile<float, Rows, tile_vectors>& sum, const float* HWY_RESTRICT x,
                             int64_t step, const float* HWY_RESTRICT w) {
  constexpr Full<float> d;
  VectorRow<float, tile_vectors> u;
#pragma GCC unroll 4
  for (int v = 0; v < tile_vectors; ++v) u[v] = hn::Load(d, w + v * lanes<float>);
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
    const auto scale = hn::Set(d, x[i * step]);
#pragma GCC unroll 4
    for (int v = 0; v < tile_vectors; ++v) sum[i][v] = hn::MulAdd(scale, u[v], sum[i][v]);
  }
}

// rows = x w, a few pixels after the other.
HWY_INLINE void multiply_images(Perceptron& m, const float* HWY_RESTRICT x) {
  constexpr Full<float> d;
  for (int64_t k = 0; k < pixels; k += depth)
    for (int64_t j = 0; j < units; j += tile_units)
      for (int64_t i = 0; i < batch_size; i += tile_images) {
        float* at = m.rows.data() + i * units + j;
        VectorTile<float, tile_images, tile_vectors> sum;
#pragma GCC unroll 8
        for (int r = 0; r < tile_images; ++r)
#pragma GCC unroll 4
          for (int v = 0; v < tile_vectors; ++v)
            sum[r][v] = k == 0 ? hn::Zero(d) : hn::Load(d, at + r * units + v * lanes<float>);
        const float* HWY_RESTRICT from = x + i * pixels + k;
        const float* HWY_RESTRICT w = m.w.data() + k * units + j;
        for (int64_t p = 0; p < depth; ++p) add_products<tile_images>(sum, from + p, pixels, w + p * units);
#pragma GCC unroll 8
        for (int r = 0; r < tile_images; ++r)
#pragma GCC unroll 4
          for (int v = 0; v < tile_vectors; ++v) hn::Store(sum[r][v], d, at + r * units + v * lanes<float>);
      }
}

// w -= lr x^T rows.
HWY_INLINE void update_weights(Perceptron& m, const float* HWY_RESTRICT x, const float* next, float lr) {
  constexpr Full<float> d;
  const auto rate = hn::Set(d, lr);
  for (int64_t k = 0; k < pixels; k += tile_pixels)
    for (int64_t j = 0; j < units; j += tile_units) {
      VectorTile<float, tile_pixels, tile_vectors> sum;
#pragma GCC unroll 8
      for (int r = 0; r < tile_pixels; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < tile_vectors; ++v) sum[r][v] = hn::Zero(d);
      const float* HWY_RESTRICT rows = m.rows.data() + j;
      for (int64_t i = 0; i < batch_size; ++i)
        add_products<tile_pixels>(sum, x + i * pixels + k, 1, rows + i * units);
      float* at = m.w.data() + k * units + j;
#pragma GCC unroll 8
      for (int r = 0; r < tile_pixels; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < tile_vectors; ++v) {
          float* to = at + r * units + v * lanes<float>;
          hn::Store(hn::NegMulAdd(rate, sum[r][v], hn::Load(d, to)), d, to);
        }
      if (j == 0) prefetch(next + k * batch_size, tile_pixels * batch_size);
    }
}

// to[j][i] = from[i][j], for `count` rows of `from`; both counts are multiples of 4.
HWY_INLINE void transpose(const float* from, int64_t count, int64_t length, int64_t stride, float* to,
                          int64_t to_stride) {
  for (int64_t i = 0; i < count; i += block_lanes<float>)
    for (int64_t j = 0; j < length; j += block_lanes<float>)
      transpose_block(to + j * to_stride + i, to_stride, from + i * stride + j, stride);
}

double update_mlp(Perceptron& m, const float* x, const float* next, const int32_t* labels, float lr) {
  multiply_images(m, x);
  transpose(m.rows.data(), batch_size, units, units, m.h.data(), batch_stride);
  add_bias_relu(m.h.data(), m.b.data(), units);
  const double loss = step_output(m.output, m.h.data(), labels, m.dh.data(), lr);
  update_bias(m.b.data(), m.dh.data(), units, lr);
  transpose(m.dh.data(), units, batch_size, batch_stride, m.rows.data(), units);
  update_weights(m, x, next, lr);
  return loss;
}

}  // namespace
}  // namespace plugrad::by_hand::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::by_hand {
namespace {

HWY_EXPORT(update_mlp);

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
    return HWY_DYNAMIC_DISPATCH(update_mlp)(model_, data_.images(batch), data_.images_after(batch),
                                            data_.labels_of(batch), lr);
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

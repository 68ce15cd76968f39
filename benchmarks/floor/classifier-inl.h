// What the classifiers end in: ten scores from hidden units, the cross-entropy, and the way back. The batch
// lies along the lanes, so that nothing is summed across them but for the gradients of weights: every array
// is [units, batch_stride], one column per image, those beyond batch_size of no effect.
#if defined(PLUGRAD_BENCHMARKS_FLOOR_CLASSIFIER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BENCHMARKS_FLOOR_CLASSIFIER_INL_H_
#undef PLUGRAD_BENCHMARKS_FLOOR_CLASSIFIER_INL_H_
#else
#define PLUGRAD_BENCHMARKS_FLOOR_CLASSIFIER_INL_H_
#endif

#include "hwy/cache_control.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "plugrad/backends/cpu/vectors-inl.h"
#include "plugrad/benchmarks/floor/classifier.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::by_hand::HWY_NAMESPACE {

using namespace cpu::HWY_NAMESPACE;

// Asks for the cache lines that begin within `size` elements.
HWY_INLINE void prefetch(const float* p, int64_t size) {
  constexpr int64_t line = 64 / sizeof(float);
  for (int64_t i = 0; i < size; i += line) hwy::Prefetch(p + i);
}

// The sum of a row of a batch.
HWY_INLINE float sum_of_row(const float* row) {
  constexpr Full<float> d;
  auto sum = hn::Zero(d);
  for (int64_t i = 0; i < batch_stride; i += lanes<float>) sum = hn::Add(sum, hn::Load(d, row + i));
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// Writes the sums over the lanes of `Count` vectors, a multiple of block_lanes, to `to`.
template <int Count>
HWY_INLINE void store_sums(const VectorRow<float, Count>& v, float* to) {
  constexpr int size = block_lanes<float>;
#pragma GCC unroll 8
  for (int j = 0; j < Count; j += size) {
    VectorRow<float, size> part;
#pragma GCC unroll 4
    for (int k = 0; k < size; ++k) part[k] = v[j + k];
    hn::StoreU(sums<float>(part), BlockTag<float>(), to + j);
  }
}

// z [classes, batch_stride]: scores become the gradient (softmax - one at the label) / batch_size of the mean
// cross-entropy, which is returned.
HWY_INLINE double cross_entropy(float* HWY_RESTRICT z, const int32_t* labels) {
  constexpr Full<float> d;
  double at_labels = 0;
  for (int64_t i = 0; i < batch_size; ++i) at_labels += z[labels[i] * batch_stride + i];
  const auto share = hn::Set(d, 1.0F / batch_size);
  auto total = hn::Zero(d);
  for (int64_t i = 0; i < batch_stride; i += lanes<float>) {
    auto largest = hn::Load(d, z + i);
    for (int64_t c = 1; c < classes; ++c) largest = hn::Max(largest, hn::Load(d, z + c * batch_stride + i));
    auto sum = hn::Zero(d);
    for (int64_t c = 0; c < classes; ++c) {
      float* at = z + c * batch_stride + i;
      const auto e = hn::Exp(d, hn::Sub(hn::Load(d, at), largest));
      hn::Store(e, d, at);
      sum = hn::Add(sum, e);
    }
    const auto within = hn::FirstN(d, static_cast<size_t>(HWY_MAX(batch_size - i, 0)));
    total = hn::Add(total, hn::IfThenElseZero(within, hn::Add(hn::Log(d, sum), largest)));
    const auto scale = hn::IfThenElseZero(within, hn::Div(share, sum));
    for (int64_t c = 0; c < classes; ++c) {
      float* at = z + c * batch_stride + i;
      hn::Store(hn::Mul(hn::Load(d, at), scale), d, at);
    }
  }
  for (int64_t i = 0; i < batch_size; ++i) z[labels[i] * batch_stride + i] -= 1.0F / batch_size;
  return (static_cast<double>(hn::GetLane(hn::SumOfLanes(d, total))) - at_labels) / batch_size;
}

// z = w^T h + b.
HWY_INLINE void scores(const Output& o, const float* HWY_RESTRICT h, float* HWY_RESTRICT z) {
  constexpr Full<float> d;
  for (int64_t i = 0; i < batch_stride; i += lanes<float>) {
    VectorRow<float, classes> sum;
#pragma GCC unroll 10
    for (int c = 0; c < classes; ++c) sum[c] = hn::Set(d, o.b[c]);
    const float* HWY_RESTRICT w = o.w.data();
    for (int64_t k = 0; k < o.hidden; ++k, w += output_stride) {
      const auto x = hn::Load(d, h + k * batch_stride + i);
#pragma GCC unroll 10
      for (int c = 0; c < classes; ++c) sum[c] = hn::MulAdd(x, hn::Set(d, w[c]), sum[c]);
    }
#pragma GCC unroll 10
    for (int c = 0; c < classes; ++c) hn::Store(sum[c], d, z + c * batch_stride + i);
  }
}

// dh = w dz where h > 0, and 0 elsewhere: through the relu that made h.
HWY_INLINE void hidden_gradient(const Output& o, const float* HWY_RESTRICT h, const float* HWY_RESTRICT dz,
                                float* HWY_RESTRICT dh) {
  constexpr Full<float> d;
  for (int64_t i = 0; i < batch_stride; i += lanes<float>) {
    VectorRow<float, classes> v;
#pragma GCC unroll 10
    for (int c = 0; c < classes; ++c) v[c] = hn::Load(d, dz + c * batch_stride + i);
    const float* HWY_RESTRICT w = o.w.data();
    for (int64_t k = 0; k < o.hidden; ++k, w += output_stride) {
      auto sum = hn::Mul(v[0], hn::Set(d, w[0]));
#pragma GCC unroll 10
      for (int c = 1; c < classes; ++c) sum = hn::MulAdd(v[c], hn::Set(d, w[c]), sum);
      const auto active = hn::Gt(hn::Load(d, h + k * batch_stride + i), hn::Zero(d));
      hn::Store(hn::IfThenElseZero(active, sum), d, dh + k * batch_stride + i);
    }
  }
}

// w -= lr h dz^T, and b -= lr times the sums of dz.
HWY_INLINE void update_output(Output& o, const float* HWY_RESTRICT h, const float* HWY_RESTRICT dz,
                              float lr) {
  constexpr Full<float> d;
  constexpr BlockTag<float> block;
  const auto rate = hn::Set(block, lr);
  for (int64_t k = 0; k < o.hidden; ++k) {
    VectorRow<float, output_stride> sum;
#pragma GCC unroll 12
    for (int c = 0; c < output_stride; ++c) sum[c] = hn::Zero(d);
    for (int64_t i = 0; i < batch_stride; i += lanes<float>) {
      const auto x = hn::Load(d, h + k * batch_stride + i);
#pragma GCC unroll 10
      for (int c = 0; c < classes; ++c)
        sum[c] = hn::MulAdd(x, hn::Load(d, dz + c * batch_stride + i), sum[c]);
    }
    alignas(64) float gradient[output_stride];
    store_sums<output_stride>(sum, gradient);
    float* w = o.w.data() + k * output_stride;
    for (int c = 0; c < output_stride; c += block_lanes<float>)
      hn::Store(hn::NegMulAdd(rate, hn::Load(block, gradient + c), hn::Load(block, w + c)), block, w + c);
  }
  for (int c = 0; c < classes; ++c) o.b[c] -= lr * sum_of_row(dz + c * batch_stride);
}

// h = relu(h + b).
HWY_INLINE void add_bias_relu(float* HWY_RESTRICT h, const float* b, int64_t units) {
  constexpr Full<float> d;
  for (int64_t k = 0; k < units; ++k) {
    const auto bias = hn::Set(d, b[k]);
    for (float* at = h + k * batch_stride; at < h + (k + 1) * batch_stride; at += lanes<float>)
      hn::Store(hn::Max(hn::Add(hn::Load(d, at), bias), hn::Zero(d)), d, at);
  }
}

// b -= lr times the sums of rows.
HWY_INLINE void update_bias(float* b, const float* rows, int64_t units, float lr) {
  for (int64_t k = 0; k < units; ++k) b[k] -= lr * sum_of_row(rows + k * batch_stride);
}

// The output layer forward and back: gives the gradient of the hidden units, and updates its own weights.
HWY_INLINE double step_output(Output& o, const float* h, const int32_t* labels, float* dh, float lr) {
  alignas(64) float z[classes * batch_stride];
  scores(o, h, z);
  const double loss = cross_entropy(z, labels);
  hidden_gradient(o, h, z, dh);
  update_output(o, h, z, lr);
  return loss;
}

}  // namespace plugrad::by_hand::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

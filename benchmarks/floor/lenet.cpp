// LeNet with convolutions that lay out nothing: the images of a batch stand innermost, [channels, rows,
// columns x images], so that a filter's tap is a shift along a contiguous line, every vector is full, and a
// product is a tile of sums in registers:
//   y[o][i] += w[o][c][a][b] x[c][row + a][b images + i]
// A batch goes through in parts whose planes stay in the caches; the fully connected layers take it whole,
// as products of oneDNN's. Pooling follows each pair of lines while it is in the cache, and notes which of
// the four pixels won, if relu let it pass.
#include "plugrad/benchmarks/floor/targets.h"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/benchmarks/floor/lenet.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "plugrad/benchmarks/floor/classifier-inl.h"
#include "plugrad/benchmarks/floor/sgemm.h"

#ifndef PLUGRAD_BENCHMARKS_FLOOR_LENET_
#define PLUGRAD_BENCHMARKS_FLOOR_LENET_
namespace plugrad::by_hand {
namespace {

constexpr int64_t part = 20, parts = batch_size / part;  // images that go through together
constexpr int64_t kernel = 5, taps = kernel * kernel;
constexpr int64_t packed = 10;      // filters (channels, backward) whose weights of a tap lie together
constexpr int64_t most_lanes = 16;  // of a vector
constexpr int64_t nothing = 4;      // for which of four pixels won: relu let none pass

// A convolution and what pooling makes of it: square planes of these sides, and lines of so many floats.
template <int64_t Channels, int64_t Filters, int64_t Side>
struct Layer {
  static constexpr int64_t channels = Channels, filters = Filters, side = Side;
  static constexpr int64_t out = side - kernel + 1, pooled = out / 2;
  static constexpr int64_t in_line = side * part, line = out * part, pooled_line = pooled * part;
  static constexpr int64_t in_size = channels * side * in_line, pooled_size = filters * pooled * pooled_line;
};
using First = Layer<1, 20, 28>;
using Second = Layer<20, 50, 12>;

constexpr int64_t features = 800, hidden_units = 500;

struct Network {
  // Filters: [filters / packed, channels, taps, packed].
  Buffer<float> w1{First::filters * taps}, b1{First::filters};
  Buffer<float> w2{Second::filters * Second::channels * taps}, b2{Second::filters};
  Buffer<float> w3{features * hidden_units}, b3{hidden_units};  // [features, hidden_units]
  Output output{hidden_units};

  // Of each part, what is kept for the way back.
  Buffer<float> x{parts * First::in_size}, y1{parts * First::pooled_size};
  Buffer<int32_t> winner1{parts * First::pooled_size};
  // [features, batch_stride] and [hidden_units, batch_stride].
  Buffer<float> y2{features * batch_stride}, dy2{features * batch_stride};
  Buffer<int32_t> winner2{features * batch_stride};
  Buffer<float> h{hidden_units * batch_stride}, dh{hidden_units * batch_stride};

  // Of one part: the gradient of the second convolution [rows, filters, line], of the first pooling, and the
  // second filters for the way back: [channels / packed, columns, rows, filters, packed].
  Buffer<float> d2{Second::out * Second::filters * Second::line}, dy1{First::pooled_size};
  Buffer<float> w2_back{Second::filters * Second::channels * taps};
  // Gradients: as w2; as vectors of sums, of the first filters [filters, rows, columns] and the biases.
  Buffer<float> dw2{Second::filters * Second::channels * taps};
  Buffer<float> dw1_sums{First::filters * taps * most_lanes};
  Buffer<float> db1_sums{First::filters * most_lanes}, db2_sums{Second::filters * most_lanes};
};

}  // namespace
}  // namespace plugrad::by_hand
#endif

HWY_BEFORE_NAMESPACE();
namespace plugrad::by_hand::HWY_NAMESPACE {
namespace {

// Sums that registers hold beside what feeds them: of filters x vectors forward and to the input, of filters
// x columns of the kernel to the weights.
constexpr int tile_filters = HWY_TARGET <= HWY_AVX3 ? 10 : 5;
constexpr int tile_vectors = 2;
constexpr int gradient_filters = HWY_TARGET <= HWY_AVX3 ? 5 : 2;
constexpr int64_t tile_width = tile_vectors * lanes<float>;
static_assert(packed % tile_filters == 0 && First::line % tile_width == 0 && Second::line % tile_width == 0);

using Tile = VectorTile<float, tile_filters, tile_vectors>;

// sum += w[f] x for each filter and vector.
HWY_INLINE void add_tap(Tile& sum, const float* HWY_RESTRICT x, const float* HWY_RESTRICT w) {
  constexpr Full<float> d;
  VectorRow<float, tile_vectors> v;
#pragma GCC unroll 2
  for (int j = 0; j < tile_vectors; ++j) v[j] = hn::LoadU(d, x + j * lanes<float>);
#pragma GCC unroll 10
  for (int f = 0; f < tile_filters; ++f) {
    const auto u = hn::Set(d, w[f]);
#pragma GCC unroll 2
    for (int j = 0; j < tile_vectors; ++j) sum[f][j] = hn::MulAdd(u, v[j], sum[f][j]);
  }
}
HWY_INLINE void load_tile(Tile& sum, const float* from, int64_t stride) {
  constexpr Full<float> d;
#pragma GCC unroll 10
  for (int f = 0; f < tile_filters; ++f)
#pragma GCC unroll 2
    for (int j = 0; j < tile_vectors; ++j) sum[f][j] = hn::LoadU(d, from + f * stride + j * lanes<float>);
}
HWY_INLINE void clear_tile(Tile& sum) {
  constexpr Full<float> d;
#pragma GCC unroll 10
  for (int f = 0; f < tile_filters; ++f)
#pragma GCC unroll 2
    for (int j = 0; j < tile_vectors; ++j) sum[f][j] = hn::Zero(d);
}
HWY_INLINE void store_tile(const Tile& sum, float* to, int64_t stride) {
  constexpr Full<float> d;
#pragma GCC unroll 10
  for (int f = 0; f < tile_filters; ++f)
#pragma GCC unroll 2
    for (int j = 0; j < tile_vectors; ++j) hn::StoreU(sum[f][j], d, to + f * stride + j * lanes<float>);
}

// One line of output of `packed` filters: to[f] with lines to_stride apart. x: the first of the lines seen.
template <class L>
HWY_NOINLINE void convolve_line(const float* HWY_RESTRICT x, const float* HWY_RESTRICT filters,
                                float* HWY_RESTRICT to, int64_t to_stride) {
  for (int64_t f = 0; f < packed; f += tile_filters)
    for (int64_t i = 0; i < L::line; i += tile_width) {
      Tile sum;
      clear_tile(sum);
      const float* HWY_RESTRICT w = filters + f;
      for (int64_t c = 0; c < L::channels; ++c)
        for (int64_t a = 0; a < kernel; ++a) {
          const float* HWY_RESTRICT from = x + (c * L::side + a) * L::in_line + i;
#pragma GCC unroll 5
          for (int64_t b = 0; b < kernel; ++b, w += packed) add_tap(sum, from + b * part, w);
        }
      store_tile(sum, to + f * to_stride + i, to_stride);
    }
}

// Calls f(i) for the first element of each vector of one pixel's images; the last may overlap the one before.
template <class F>
HWY_INLINE void for_each_vector(F f) {
  for (int64_t i = 0; i < part; i += lanes<float>) f(HWY_MIN(i, part - lanes<float>));
}

// relu(bias + the largest of each square of four pixels in two lines), and which one that is. Pixels of the
// results are pixel_stride apart.
template <class L>
HWY_NOINLINE void pool_lines(const float* HWY_RESTRICT lines, int64_t second, float bias,
                             float* HWY_RESTRICT y, int32_t* HWY_RESTRICT winner, int64_t pixel_stride) {
  constexpr Full<float> d;
  constexpr Full<int32_t> di;
  const auto b = hn::Set(d, bias), zero = hn::Zero(d);
  for (int64_t p = 0; p < L::pooled; ++p) {
    const float* from = lines + 2 * p * part;
    for_each_vector([&](int64_t i) HWY_ATTR {
      auto largest = hn::LoadU(d, from + i);
      auto which = hn::Zero(di);
      const auto consider = [&](int32_t number, const float* at) HWY_ATTR {
        const auto v = hn::LoadU(d, at + i);
        const auto larger = hn::Gt(v, largest);
        largest = hn::Max(v, largest);
        which = hn::IfThenElse(hn::RebindMask(di, larger), hn::Set(di, number), which);
      };
      consider(1, from + part);
      consider(2, from + second);
      consider(3, from + second + part);
      largest = hn::Add(largest, b);
      const auto passes = hn::RebindMask(di, hn::Gt(largest, zero));
      hn::StoreU(hn::Max(largest, zero), d, y + p * pixel_stride + i);
      hn::StoreU(hn::IfThenElse(passes, which, hn::Set(di, nothing)), di, winner + p * pixel_stride + i);
    });
  }
}

// The inverse: two lines of gradients, `second` apart, from those of the pooled pixels. Adds up all of them.
template <class L>
HWY_NOINLINE void spread_lines(const float* HWY_RESTRICT dy, const int32_t* HWY_RESTRICT winner,
                               int64_t pixel_stride, float* HWY_RESTRICT lines, int64_t second, float* sums) {
  constexpr Full<float> d;
  constexpr Full<int32_t> di;
  for (int64_t p = 0; p < L::pooled; ++p) {
    float* to = lines + 2 * p * part;
    for_each_vector([&](int64_t i) HWY_ATTR {
      const auto v = hn::LoadU(d, dy + p * pixel_stride + i);
      const auto which = hn::LoadU(di, winner + p * pixel_stride + i);
      const auto put = [&](int32_t number, float* at) HWY_ATTR {
        const auto won = hn::RebindMask(d, hn::Eq(which, hn::Set(di, number)));
        hn::StoreU(hn::IfThenElseZero(won, v), d, at + i);
      };
      put(0, to);
      put(1, to + part);
      put(2, to + second);
      put(3, to + second + part);
    });
  }
  auto sum = hn::Load(d, sums);
  for (int64_t i = 0; i < L::line; i += lanes<float>)
    sum = hn::Add(sum, hn::Add(hn::LoadU(d, lines + i), hn::LoadU(d, lines + second + i)));
  hn::Store(sum, d, sums);
}

// Convolution, bias, relu and pooling of one part; feature f of pixel p in row r of the result at
// y[(f pooled + r) row_stride + p pixel_stride].
template <class L>
HWY_INLINE void forward_layer(const float* x, const Buffer<float>& w, const float* bias, float* y,
                              int32_t* winner, int64_t row_stride, int64_t pixel_stride) {
  alignas(64) static thread_local float lines[packed * 2 * L::line];
  for (int64_t r = 0; r < L::pooled; ++r)
    for (int64_t f = 0; f < L::filters; f += packed) {
      const float* filters = w.data() + f * L::channels * taps;
      for (int64_t k = 0; k < 2; ++k)
        convolve_line<L>(x + (2 * r + k) * L::in_line, filters, lines + k * L::line, 2 * L::line);
      for (int64_t g = 0; g < packed; ++g) {
        const int64_t at = ((f + g) * L::pooled + r) * row_stride;
        pool_lines<L>(lines + g * 2 * L::line, L::line, bias[f + g], y + at, winner + at, pixel_stride);
      }
    }
}

using GradientSums = VectorRow<float, gradient_filters * kernel>;

// sum[f][b] += the products of a line of f's gradient with x, shifted by b pixels.
HWY_INLINE void add_line(GradientSums& sum, const float* HWY_RESTRICT gradient, int64_t filter_stride,
                         const float* HWY_RESTRICT x, int64_t length) {
  constexpr Full<float> d;
  for (int64_t i = 0; i < length; i += lanes<float>) {
    VectorRow<float, kernel> v;
#pragma GCC unroll 5
    for (int b = 0; b < kernel; ++b) v[b] = hn::LoadU(d, x + b * part + i);
#pragma GCC unroll 5
    for (int f = 0; f < gradient_filters; ++f) {
      const auto g = hn::LoadU(d, gradient + f * filter_stride + i);
#pragma GCC unroll 5
      for (int b = 0; b < kernel; ++b) sum[f * kernel + b] = hn::MulAdd(g, v[b], sum[f * kernel + b]);
    }
  }
}

// dw2 += the products of d2 with y1 of a part.
HWY_NOINLINE void add_second_filters_gradient(Network& n, const float* y1) {
  using L = Second;
  constexpr Full<float> d;
  constexpr int count = gradient_filters * kernel, whole = (count + 3) / 4 * 4;
  for (int64_t f = 0; f < L::filters; f += gradient_filters)
    for (int64_t c = 0; c < L::channels; ++c)
      for (int64_t a = 0; a < kernel; ++a) {
        GradientSums sum;
#pragma GCC unroll 25
        for (int j = 0; j < count; ++j) sum[j] = hn::Zero(d);
        for (int64_t r = 0; r < L::out; ++r)
          add_line(sum, n.d2.data() + (r * L::filters + f) * L::line, L::line,
                   y1 + (c * L::side + r + a) * L::in_line, L::line);
        VectorRow<float, whole> all;
#pragma GCC unroll 28
        for (int j = 0; j < whole; ++j) all[j] = j < count ? sum[j] : hn::Zero(d);
        alignas(64) float sums_of[whole];
        store_sums<whole>(all, sums_of);
        for (int64_t g = 0; g < gradient_filters; ++g) {
          const int64_t o = f + g;
          float* to =
              n.dw2.data() + ((o / packed * L::channels + c) * taps + a * kernel) * packed + o % packed;
          for (int64_t b = 0; b < kernel; ++b) to[b * packed] += sums_of[g * kernel + b];
        }
      }
}

// dy1 = the gradient of the second convolution's input: each line of outputs adds to those it came from.
HWY_NOINLINE void second_input_gradient(Network& n) {
  using L = Second;
  for (int64_t c = 0; c < L::channels; c += tile_filters) {
    const float* filters = n.w2_back.data() + c / packed * packed * taps * L::filters + c % packed;
    for (int64_t r = 0; r < L::side; ++r) {
      float* to = n.dy1.data() + (c * L::side + r) * L::in_line;
      for (int64_t k = 0; k < tile_filters; ++k) std::fill_n(to + k * L::side * L::in_line, L::in_line, 0.0F);
      const int64_t first = HWY_MAX(r - (L::out - 1), 0), last = HWY_MIN(r, kernel - 1);
      for (int64_t b = 0; b < kernel; ++b)
        for (int64_t i = 0; i < L::line; i += tile_width) {
          Tile sum;
          load_tile(sum, to + b * part + i, L::side * L::in_line);
          for (int64_t a = first; a <= last; ++a) {
            const float* HWY_RESTRICT w = filters + (b * kernel + a) * L::filters * packed;
            const float* HWY_RESTRICT from = n.d2.data() + (r - a) * L::filters * L::line + i;
#pragma GCC unroll 2
            for (int64_t o = 0; o < L::filters; ++o, w += packed, from += L::line) add_tap(sum, from, w);
          }
          store_tile(sum, to + b * part + i, L::side * L::in_line);
        }
    }
  }
}

// dw1_sums += the products of the first convolution's gradient with the images of a part.
HWY_NOINLINE void add_first_filters_gradient(Network& n, const float* x, const int32_t* winner) {
  using L = First;
  constexpr Full<float> d;
  constexpr int count = gradient_filters * kernel;
  alignas(64) static thread_local float lines[gradient_filters * 2 * L::line];
  for (int64_t f = 0; f < L::filters; f += gradient_filters)
    for (int64_t r = 0; r < L::pooled; ++r) {
      for (int64_t g = 0; g < gradient_filters; ++g) {
        const int64_t at = ((f + g) * L::pooled + r) * L::pooled_line;
        spread_lines<L>(n.dy1.data() + at, winner + at, part, lines + g * 2 * L::line, L::line,
                        n.db1_sums.data() + (f + g) * most_lanes);
      }
      for (int64_t a = 0; a < kernel; ++a) {
        float* sums_at = n.dw1_sums.data() + (f * kernel + a * gradient_filters) * kernel * most_lanes;
        GradientSums sum;
#pragma GCC unroll 25
        for (int j = 0; j < count; ++j) sum[j] = hn::Load(d, sums_at + j * most_lanes);
        for (int64_t k = 0; k < 2; ++k)
          add_line(sum, lines + k * L::line, 2 * L::line, x + (2 * r + k + a) * L::in_line, L::line);
#pragma GCC unroll 25
        for (int j = 0; j < count; ++j) hn::Store(sum[j], d, sums_at + j * most_lanes);
      }
    }
}

HWY_INLINE float sum_of_lanes(const float* p) {
  constexpr Full<float> d;
  return hn::GetLane(hn::SumOfLanes(d, hn::Load(d, p)));
}

void forward_convolutions(Network& n, const float* images) {
  for (int64_t s = 0; s < parts; ++s) {
    float* x = n.x.data() + s * First::in_size;
    for (int64_t i = 0; i < part; i += block_lanes<float>)
      for (int64_t p = 0; p < pixels; p += block_lanes<float>)
        transpose_block(x + p * part + i, part, images + (s * part + i) * pixels + p, pixels);
    float* y1 = n.y1.data() + s * First::pooled_size;
    forward_layer<First>(x, n.w1, n.b1.data(), y1, n.winner1.data() + s * First::pooled_size,
                         First::pooled_line, part);
    forward_layer<Second>(y1, n.w2, n.b2.data(), n.y2.data() + s * part, n.winner2.data() + s * part,
                          Second::pooled * batch_stride, batch_stride);
  }
}

// From the features of the product with w3 in h to the gradient there, in dh.
double step_hidden(Network& n, const int32_t* labels, float lr) {
  add_bias_relu(n.h.data(), n.b3.data(), hidden_units);
  const double loss = step_output(n.output, n.h.data(), labels, n.dh.data(), lr);
  update_bias(n.b3.data(), n.dh.data(), hidden_units, lr);
  return loss;
}

// From dy2 to the gradients of both convolutions.
void backward_convolutions(Network& n) {
  using L = Second;
  for (int64_t o = 0; o < L::filters; ++o)
    for (int64_t c = 0; c < L::channels; ++c)
      for (int64_t a = 0; a < kernel; ++a)
        for (int64_t b = 0; b < kernel; ++b)
          n.w2_back[(((c / packed * kernel + b) * kernel + a) * L::filters + o) * packed + c % packed] =
              n.w2[((o / packed * L::channels + c) * taps + a * kernel + b) * packed + o % packed];
  for (Buffer<float>* sums_of : {&n.dw2, &n.dw1_sums, &n.db1_sums, &n.db2_sums})
    std::fill_n(sums_of->data(), sums_of->size(), 0.0F);
  for (int64_t s = 0; s < parts; ++s) {
    for (int64_t f = 0; f < L::filters; ++f)
      for (int64_t r = 0; r < L::pooled; ++r) {
        const int64_t at = (f * L::pooled + r) * L::pooled * batch_stride + s * part;
        spread_lines<L>(n.dy2.data() + at, n.winner2.data() + at, batch_stride,
                        n.d2.data() + (2 * r * L::filters + f) * L::line, L::filters * L::line,
                        n.db2_sums.data() + f * most_lanes);
      }
    add_second_filters_gradient(n, n.y1.data() + s * First::pooled_size);
    second_input_gradient(n);
    add_first_filters_gradient(n, n.x.data() + s * First::in_size, n.winner1.data() + s * First::pooled_size);
  }
}

void update_convolutions(Network& n, float lr) {
  for (int64_t j = 0; j < n.w2.size(); ++j) n.w2[j] -= lr * n.dw2[j];
  for (int64_t f = 0; f < Second::filters; ++f)
    n.b2[f] -= lr * sum_of_lanes(n.db2_sums.data() + f * most_lanes);
  for (int64_t f = 0; f < First::filters; ++f) {
    n.b1[f] -= lr * sum_of_lanes(n.db1_sums.data() + f * most_lanes);
    for (int64_t a = 0; a < kernel; ++a)
      for (int64_t b = 0; b < kernel; ++b) {
        const int64_t tile = f / gradient_filters * gradient_filters;
        const int64_t at = (tile * kernel + a * gradient_filters + f % gradient_filters) * kernel + b;
        n.w1[(f / packed * taps + a * kernel + b) * packed + f % packed] -=
            lr * sum_of_lanes(n.dw1_sums.data() + at * most_lanes);
      }
  }
}

}  // namespace
}  // namespace plugrad::by_hand::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::by_hand {
namespace {

HWY_EXPORT(forward_convolutions);
HWY_EXPORT(step_hidden);
HWY_EXPORT(backward_convolutions);
HWY_EXPORT(update_convolutions);

// Filters [filters, rest] to [filters / packed, rest, packed], and back.
void pack_filters(const std::vector<float>& from, int64_t rest, Buffer<float>& to) {
  for (int64_t f = 0; f < to.size() / rest; ++f)
    for (int64_t j = 0; j < rest; ++j)
      to[(f / packed * rest + j) * packed + f % packed] = from[static_cast<size_t>(f * rest + j)];
}
std::vector<float> unpack_filters(const Buffer<float>& from, int64_t rest) {
  std::vector<float> to;
  for (int64_t f = 0; f < from.size() / rest; ++f)
    for (int64_t j = 0; j < rest; ++j) to.push_back(from[(f / packed * rest + j) * packed + f % packed]);
  return to;
}

class Lenet : public Trainer {
 public:
  Lenet(const std::vector<float>& x, std::vector<int32_t> labels) : data_(x, std::move(labels)) {}
  void set_parameters(const Parameters& p) override {
    Network& n = network_;
    pack_filters(p[0], taps, n.w1);
    n.b1.assign(p[1]);
    pack_filters(p[2], Second::channels * taps, n.w2);
    n.b2.assign(p[3]);
    n.w3.assign(p[4]);
    n.b3.assign(p[5]);
    n.output.set(p[6], p[7]);
  }
  Parameters parameters() const override {
    const Network& n = network_;
    return {unpack_filters(n.w1, taps),
            n.b1.values(),
            unpack_filters(n.w2, Second::channels * taps),
            n.b2.values(),
            n.w3.values(),
            n.b3.values(),
            n.output.weights(),
            n.output.b.values()};
  }
  int64_t batches() const override { return data_.size(); }
  double update(int64_t batch, float lr) override {
    Network& n = network_;
    HWY_DYNAMIC_DISPATCH(forward_convolutions)(n, data_.images(batch));
    sgemm(hidden_units, batch_size, features, 1, transposed(n.w3.data(), hidden_units),
          {n.y2.data(), batch_stride}, 0, n.h.data(), batch_stride);
    const double loss = HWY_DYNAMIC_DISPATCH(step_hidden)(n, data_.labels_of(batch), lr);
    sgemm(features, batch_size, hidden_units, 1, {n.w3.data(), hidden_units}, {n.dh.data(), batch_stride}, 0,
          n.dy2.data(), batch_stride);
    sgemm(features, hidden_units, batch_size, -lr, {n.y2.data(), batch_stride},
          transposed(n.dh.data(), batch_stride), 1, n.w3.data(), hidden_units);
    HWY_DYNAMIC_DISPATCH(backward_convolutions)(n);
    HWY_DYNAMIC_DISPATCH(update_convolutions)(n, lr);
    return loss;
  }

 private:
  ImageBatches data_;
  Network network_;
};

}  // namespace

std::unique_ptr<Trainer> make_lenet(std::vector<float> x, std::vector<int32_t> labels) {
  return std::make_unique<Lenet>(x, std::move(labels));
}

}  // namespace plugrad::by_hand
#endif

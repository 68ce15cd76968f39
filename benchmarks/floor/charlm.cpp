// The language model. [x, h] of a step lie as rows of one matrix, so that a step is one product with the
// LSTM's weights forward, one back, and one for their gradient, while all that they read is in the caches;
// between the products one pass over the gates. The gates stand in panels of 64 columns, the four of 16
// units, [panels, rows, 64], and so do the weights and their gradient, [panels, inputs, 64]: what a product
// reads is contiguous and packed once for all steps, which oneDNN would do in each. The output layer is
// oneDNN's.
#include "plugrad/benchmarks/floor/targets.h"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/benchmarks/floor/charlm.cpp"
#include "hwy/foreach_target.h"
//
#include <cmath>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "plugrad/backends/cpu/vectors-inl.h"
#include "plugrad/benchmarks/floor/buffer.h"
#include "plugrad/benchmarks/floor/sgemm.h"
#include "plugrad/benchmarks/floor/trainer.h"

#ifndef PLUGRAD_BENCHMARKS_FLOOR_CHARLM_
#define PLUGRAD_BENCHMARKS_FLOOR_CHARLM_
namespace plugrad::by_hand {
namespace {

constexpr int64_t embed = embedding_size, hidden = hidden_size, inputs = embed + hidden, gates = 4 * hidden;
constexpr int64_t rows = text_rows;
constexpr int64_t most_lanes = 16;
constexpr int64_t panel = 64, panel_units = panel / 4, panels = gates / panel;
constexpr int64_t xh_stride = inputs + most_lanes;  // a power of two would crowd few sets of the caches
constexpr float impossible = -1e30F;                // the score of a character that there is not

struct CharlmModel {
  int64_t steps, characters, score_stride;
  // Parameters and their gradients. There are score_stride values of out_b, the last of them `impossible`.
  Buffer<float> embedding, lstm_w{inputs * gates}, lstm_b{gates}, out_w, out_b;
  Buffer<float> d_embedding, d_lstm_w{inputs * gates}, d_lstm_b{gates}, d_out_w, d_out_b;
  Buffer<float> xh;      // [steps + 1, rows, xh_stride]: x of a step with the h before it
  Buffer<float> c;       // [steps + 1, rows, hidden]: before each step
  Buffer<float> g;       // [steps, panels, rows, panel]: activations, then their gradients
  Buffer<float> scores;  // [steps, rows, score_stride], then their gradients
  Buffer<float> dh;      // [steps, rows, hidden]: from the output layer
  Buffer<float> dxh{rows * inputs}, dc{rows * hidden};
  Buffer<float> lstm_w_back{gates * inputs};  // for the way back: [inputs / panel, gates, panel]

  CharlmModel(int64_t s, int64_t n)
      : steps(s),
        characters(n),
        score_stride((n + most_lanes - 1) / most_lanes * most_lanes),
        embedding(n * embed),
        out_w(hidden * n),
        out_b(score_stride),
        d_embedding(n * embed),
        d_out_w(hidden * n),
        d_out_b(score_stride),
        xh((s + 1) * rows * xh_stride),
        c((s + 1) * rows * hidden),
        g(s * rows * gates),
        scores(s * rows * score_stride),
        dh(s * rows * hidden) {}

  float* xh_of(int64_t step) { return xh.data() + step * rows * xh_stride; }
  float* c_of(int64_t step) { return c.data() + step * rows * hidden; }
  float* g_of(int64_t step) { return g.data() + step * rows * gates; }
  float* dh_of(int64_t step) { return dh.data() + step * rows * hidden; }
};

}  // namespace
}  // namespace plugrad::by_hand
#endif

HWY_BEFORE_NAMESPACE();
namespace plugrad::by_hand::HWY_NAMESPACE {
namespace {

using namespace cpu::HWY_NAMESPACE;
using F = Vector<float>;

HWY_INLINE F sigmoid(F x) {
  constexpr Full<float> d;
  const F one = hn::Set(d, 1.0F);
  // Beyond 87, e^-x overflows.
  return hn::Div(one, hn::Add(one, hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 87.0F)))));
}
// Exact to the last bit of 1, though not of values near 0.
HWY_INLINE F tanh(F x) {
  const F two = hn::Set(Full<float>(), 2.0F);
  return hn::MulSub(two, sigmoid(hn::Mul(two, x)), hn::Set(Full<float>(), 1.0F));
}

// Sums in registers: of rows x a part of a panel.
constexpr int tile_rows = 4;
constexpr int tile_vectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;
constexpr int64_t tile_width = tile_vectors * lanes<float>;
static_assert(rows % tile_rows == 0 && inputs % tile_rows == 0 && panel % tile_width == 0);

// One operand of a product: element p of row r is data[r row + p step]; after `depth` elements it goes on
// `next` further.
struct Rows {
  const float* data;
  int64_t row, step, depth, next;
};

// c[r][j] (+)= the sum over all p of a[r][p] b[p][j], for rows of c that are c_row apart and of b in a panel.
HWY_INLINE void multiply_tile(const Rows& a, int64_t blocks, const float* HWY_RESTRICT b, bool accumulate,
                              float* HWY_RESTRICT c, int64_t c_row) {
  constexpr Full<float> d;
  VectorTile<float, tile_rows, tile_vectors> sum;
#pragma GCC unroll 4
  for (int r = 0; r < tile_rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < tile_vectors; ++v)
      sum[r][v] = accumulate ? hn::Load(d, c + r * c_row + v * lanes<float>) : hn::Zero(d);
  const int64_t row = a.row, step = a.step;
  for (int64_t k = 0; k < blocks; ++k) {
    const float* HWY_RESTRICT x = a.data + k * a.next;
    for (int64_t p = 0; p < a.depth; ++p, x += step, b += panel) {
      VectorRow<float, tile_vectors> u;
#pragma GCC unroll 4
      for (int v = 0; v < tile_vectors; ++v) u[v] = hn::Load(d, b + v * lanes<float>);
#pragma GCC unroll 4
      for (int r = 0; r < tile_rows; ++r) {
        const F scale = hn::Set(d, x[r * row]);
#pragma GCC unroll 4
        for (int v = 0; v < tile_vectors; ++v) sum[r][v] = hn::MulAdd(scale, u[v], sum[r][v]);
      }
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < tile_rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < tile_vectors; ++v) hn::Store(sum[r][v], d, c + r * c_row + v * lanes<float>);
}

// The arguments of the gates, but for the bias.
HWY_NOINLINE void multiply_forward(CharlmModel& m, int64_t step) {
  for (int64_t q = 0; q < panels; ++q)
    for (int64_t j = 0; j < panel; j += tile_width)
      for (int64_t i = 0; i < rows; i += tile_rows)
        multiply_tile({m.xh_of(step) + i * xh_stride, xh_stride, 1, inputs, 0}, 1,
                      m.lstm_w.data() + q * inputs * panel + j, false,
                      m.g_of(step) + (q * rows + i) * panel + j, panel);
}

// dxh += the gradient of the first `count` columns of a step's [x, h].
void multiply_back(CharlmModel& m, int64_t step, int64_t count) {
  for (int64_t k = 0; k < count; k += panel)
    for (int64_t j = 0; j < panel; j += tile_width)
      for (int64_t i = 0; i < rows; i += tile_rows)
        multiply_tile({m.g_of(step) + i * panel, panel, 1, panel, rows * panel}, panels,
                      m.lstm_w_back.data() + k * gates + j, true, m.dxh.data() + i * inputs + k + j, inputs);
}

// The gradient of the LSTM's weights: what a step adds to that of the steps after it.
void add_weights_gradient(CharlmModel& m, int64_t step) {
  for (int64_t q = 0; q < panels; ++q)
    for (int64_t k = 0; k < inputs; k += tile_rows)
      for (int64_t j = 0; j < panel; j += tile_width)
        multiply_tile({m.xh_of(step) + k, 1, xh_stride, rows, 0}, 1, m.g_of(step) + q * rows * panel + j,
                      step < m.steps - 1, m.d_lstm_w.data() + (q * inputs + k) * panel + j, panel);
}

// The gates of one step, from what the product gave to activations; the new c and h.
void forward_step(CharlmModel& m, int64_t step) {
  constexpr Full<float> d;
  multiply_forward(m, step);
  for (int64_t q = 0; q < panels; ++q) {
    const float* HWY_RESTRICT b = m.lstm_b.data() + q * panel;
    for (int64_t r = 0; r < rows; ++r) {
      float* HWY_RESTRICT g = m.g_of(step) + (q * rows + r) * panel;
      const int64_t at = r * hidden + q * panel_units;
      const float* HWY_RESTRICT before = m.c_of(step) + at;
      float* HWY_RESTRICT c = m.c_of(step + 1) + at;
      float* HWY_RESTRICT h = m.xh_of(step + 1) + r * xh_stride + embed + q * panel_units;
      for (int64_t j = 0; j < panel_units; j += lanes<float>) {
        const auto argument = [&](int64_t gate) HWY_ATTR {
          return hn::Add(hn::Load(d, g + gate * panel_units + j), hn::Load(d, b + gate * panel_units + j));
        };
        const F forget = sigmoid(argument(0)), input = sigmoid(argument(1)), output = sigmoid(argument(2));
        const F change = tanh(argument(3));
        const F cell = hn::MulAdd(forget, hn::Load(d, before + j), hn::Mul(input, change));
        hn::Store(forget, d, g + j);
        hn::Store(input, d, g + panel_units + j);
        hn::Store(output, d, g + 2 * panel_units + j);
        hn::Store(change, d, g + 3 * panel_units + j);
        hn::Store(cell, d, c + j);
        hn::Store(hn::Mul(output, tanh(cell)), d, h + j);
      }
    }
  }
}

// Activations to the gradients of their arguments; dc from after the step to before it; the bias's gradient.
// dh is that of the step's h, its rows dh_stride apart.
void backward_gates(CharlmModel& m, int64_t step, const float* dh_rows, int64_t dh_stride) {
  constexpr Full<float> d;
  const F one = hn::Set(d, 1.0F);
  for (int64_t q = 0; q < panels; ++q) {
    float* HWY_RESTRICT db = m.d_lstm_b.data() + q * panel;
    for (int64_t r = 0; r < rows; ++r) {
      float* HWY_RESTRICT g = m.g_of(step) + (q * rows + r) * panel;
      const int64_t at = r * hidden + q * panel_units;
      const float* HWY_RESTRICT before = m.c_of(step) + at;
      const float* HWY_RESTRICT c = m.c_of(step + 1) + at;
      const float* HWY_RESTRICT dh = dh_rows + r * dh_stride + q * panel_units;
      float* HWY_RESTRICT dc = m.dc.data() + at;
      for (int64_t j = 0; j < panel_units; j += lanes<float>) {
        const auto activation = [&](int64_t gate)
                                    HWY_ATTR { return hn::Load(d, g + gate * panel_units + j); };
        const F forget = activation(0), input = activation(1), output = activation(2), change = activation(3);
        const F squashed = tanh(hn::Load(d, c + j)), dh_j = hn::Load(d, dh + j);
        const F dcell =
            hn::MulAdd(hn::Mul(dh_j, output), hn::NegMulAdd(squashed, squashed, one), hn::Load(d, dc + j));
        hn::Store(hn::Mul(dcell, forget), d, dc + j);
        const auto put = [&](int64_t gate, F v) HWY_ATTR {
          hn::Store(v, d, g + gate * panel_units + j);
          float* sum = db + gate * panel_units + j;
          hn::Store(hn::Add(hn::Load(d, sum), v), d, sum);
        };
        // s (1 - s), for a sigmoid s.
        const auto slope = [&](F s) HWY_ATTR { return hn::NegMulAdd(s, s, s); };
        put(0, hn::Mul(hn::Mul(dcell, hn::Load(d, before + j)), slope(forget)));
        put(1, hn::Mul(hn::Mul(dcell, change), slope(input)));
        put(2, hn::Mul(hn::Mul(dh_j, squashed), slope(output)));
        put(3, hn::Mul(hn::Mul(dcell, input), hn::NegMulAdd(change, change, one)));
      }
    }
  }
}

// The mean cross-entropy of all steps; scores become their gradients, and are summed up for the bias.
double cross_entropy(CharlmModel& m, const int32_t* labels) {
  constexpr Full<float> d;
  const int64_t count = m.steps * rows, stride = m.score_stride;
  const float* HWY_RESTRICT b = m.out_b.data();
  float* HWY_RESTRICT db = m.d_out_b.data();
  std::fill_n(db, stride, 0.0F);
  const float share = 1 / static_cast<float>(count);
  double total = 0;
  float* HWY_RESTRICT z = m.scores.data();
  for (int64_t i = 0; i < count; ++i, z += stride) {
    F largest = hn::Set(d, impossible);
    for (int64_t j = 0; j < stride; j += lanes<float>) {
      const F v = hn::Add(hn::Load(d, z + j), hn::Load(d, b + j));
      hn::Store(v, d, z + j);
      largest = hn::Max(largest, v);
    }
    largest = hn::MaxOfLanes(d, largest);
    const float at_label = z[labels[i]];
    F sum = hn::Zero(d);
    for (int64_t j = 0; j < stride; j += lanes<float>) {
      const F e = hn::Exp(d, hn::Sub(hn::Load(d, z + j), largest));
      hn::Store(e, d, z + j);
      sum = hn::Add(sum, e);
    }
    sum = hn::SumOfLanes(d, sum);
    const F scale = hn::Div(hn::Set(d, share), sum);
    for (int64_t j = 0; j < stride; j += lanes<float>) {
      const F v = hn::Mul(hn::Load(d, z + j), scale);
      hn::Store(v, d, z + j);
      hn::Store(hn::Add(hn::Load(d, db + j), v), d, db + j);
    }
    z[labels[i]] -= share;
    db[labels[i]] -= share;
    total += std::log(hn::GetLane(sum)) + hn::GetLane(largest) - at_label;
  }
  return total / static_cast<double>(count);
}

// d_embedding[character] += its row of dxh.
void add_embedding_gradient(CharlmModel& m, const int32_t* characters) {
  constexpr Full<float> d;
  for (int64_t r = 0; r < rows; ++r) {
    const float* HWY_RESTRICT from = m.dxh.data() + r * inputs;
    float* HWY_RESTRICT to = m.d_embedding.data() + characters[r] * embed;
    for (int64_t j = 0; j < embed; j += lanes<float>)
      hn::Store(hn::Add(hn::Load(d, to + j), hn::Load(d, from + j)), d, to + j);
  }
}

void transpose_weights(CharlmModel& m) {
  constexpr int64_t block = block_lanes<float>;
  for (int64_t q = 0; q < panels; ++q)
    for (int64_t k = 0; k < inputs; k += block)
      for (int64_t j = 0; j < panel; j += block)
        transpose_block(m.lstm_w_back.data() + (k / panel * gates + q * panel + j) * panel + k % panel, panel,
                        m.lstm_w.data() + (q * inputs + k) * panel + j, panel);
}

double sum_of_squares(const float* HWY_RESTRICT x, int64_t n) {
  constexpr Full<float> d;
  F sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes<float> <= n; i += lanes<float>)
    sum = hn::MulAdd(hn::Load(d, x + i), hn::Load(d, x + i), sum);
  double rest = 0;
  for (; i < n; ++i) rest += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum))) + rest;
}

// w -= rate dw.
void descend(float* HWY_RESTRICT w, const float* HWY_RESTRICT dw, int64_t n, float rate) {
  constexpr Full<float> d;
  const F u = hn::Set(d, rate);
  int64_t i = 0;
  for (; i + lanes<float> <= n; i += lanes<float>)
    hn::Store(hn::NegMulAdd(u, hn::Load(d, dw + i), hn::Load(d, w + i)), d, w + i);
  for (; i < n; ++i) w[i] -= rate * dw[i];
}

}  // namespace
}  // namespace plugrad::by_hand::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::by_hand {
namespace {

HWY_EXPORT(forward_step);
HWY_EXPORT(multiply_back);
HWY_EXPORT(add_weights_gradient);
HWY_EXPORT(backward_gates);
HWY_EXPORT(cross_entropy);
HWY_EXPORT(add_embedding_gradient);
HWY_EXPORT(transpose_weights);
HWY_EXPORT(sum_of_squares);
HWY_EXPORT(descend);

// Where column `c` of the example's gates, [4, hidden], stands in panels.
int64_t column_in_panels(int64_t c) {
  const int64_t gate = c / hidden, unit = c % hidden;
  return unit / panel_units * panel + gate * panel_units + unit % panel_units;
}
int64_t weight_in_panels(int64_t input, int64_t c) {
  const int64_t column = column_in_panels(c);
  return (column / panel * inputs + input) * panel + column % panel;
}

class Charlm : public Trainer {
 public:
  Charlm(std::vector<Window> windows, int64_t characters, double limit)
      : windows_(std::move(windows)),
        limit_(limit),
        m_(static_cast<int64_t>(windows_.at(0).x.size()) / rows, characters) {}

  void set_parameters(const Parameters& p) override {
    m_.embedding.assign(p[0]);
    for (int64_t k = 0; k < inputs; ++k)
      for (int64_t c = 0; c < gates; ++c) {
        const std::vector<float>& w = k < embed ? p[1] : p[2];
        m_.lstm_w[weight_in_panels(k, c)] = w[static_cast<size_t>(k % embed * gates + c)];
      }
    for (int64_t c = 0; c < gates; ++c) m_.lstm_b[column_in_panels(c)] = p[3][static_cast<size_t>(c)];
    m_.out_w.assign(p[4]);
    std::fill_n(m_.out_b.data(), m_.out_b.size(), impossible);
    m_.out_b.assign(p[5]);
  }
  Parameters parameters() const override {
    std::vector<float> w_x, w_h, b;
    for (int64_t k = 0; k < inputs; ++k)
      for (int64_t c = 0; c < gates; ++c)
        (k < embed ? w_x : w_h).push_back(m_.lstm_w[weight_in_panels(k, c)]);
    for (int64_t c = 0; c < gates; ++c) b.push_back(m_.lstm_b[column_in_panels(c)]);
    return {m_.embedding.values(),
            w_x,
            w_h,
            b,
            m_.out_w.values(),
            {m_.out_b.data(), m_.out_b.data() + m_.characters}};
  }
  int64_t batches() const override { return static_cast<int64_t>(windows_.size()); }
  double update(int64_t batch, float lr) override {
    const Window& window = windows_[static_cast<size_t>(batch)];
    forward(window);
    const double loss = output_layer(window);
    if (lr != 0) {
      backward(window);
      descend_clipped(lr);
    }
    carry_state();
    return loss;
  }
  void restart() override {
    for (int64_t r = 0; r < rows; ++r) std::fill_n(m_.xh_of(0) + r * xh_stride + embed, hidden, 0.0F);
    std::fill_n(m_.c_of(0), rows * hidden, 0.0F);
  }

 private:
  void forward(const Window& window) {
    for (int64_t t = 0; t < m_.steps; ++t) {
      for (int64_t r = 0; r < rows; ++r)
        std::copy_n(m_.embedding.data() + window.x[static_cast<size_t>(t * rows + r)] * embed, embed,
                    m_.xh_of(t) + r * xh_stride);
      HWY_DYNAMIC_DISPATCH(forward_step)(m_, t);
    }
  }

  // The loss, the gradients of the layer's parameters, and that of h in dh.
  double output_layer(const Window& window) {
    const int64_t n = m_.characters, all = m_.steps * rows, stride = m_.score_stride;
    const float* h = m_.xh_of(1) + embed;
    sgemm(all, n, hidden, 1, {h, xh_stride}, {m_.out_w.data(), n}, 0, m_.scores.data(), stride);
    const double loss = HWY_DYNAMIC_DISPATCH(cross_entropy)(m_, window.y.data());
    sgemm(hidden, n, all, 1, transposed(h, xh_stride), {m_.scores.data(), stride}, 0, m_.d_out_w.data(), n);
    sgemm(all, hidden, n, 1, {m_.scores.data(), stride}, transposed(m_.out_w.data(), n), 0, m_.dh.data(),
          hidden);
    return loss;
  }

  void backward(const Window& window) {
    for (Buffer<float>* sums : {&m_.d_lstm_b, &m_.d_embedding, &m_.dc})
      std::fill_n(sums->data(), sums->size(), 0.0F);
    HWY_DYNAMIC_DISPATCH(transpose_weights)(m_);
    HWY_DYNAMIC_DISPATCH(backward_gates)(m_, m_.steps - 1, m_.dh_of(m_.steps - 1), hidden);
    for (int64_t t = m_.steps - 1; t >= 0; --t) {
      HWY_DYNAMIC_DISPATCH(add_weights_gradient)(m_, t);
      input_gradient(t);
      HWY_DYNAMIC_DISPATCH(add_embedding_gradient)(m_, window.x.data() + t * rows);
      if (t > 0) HWY_DYNAMIC_DISPATCH(backward_gates)(m_, t - 1, m_.dxh.data() + embed, inputs);
    }
  }

  // dxh = that of the step's x and of the h before it, to which the output layer adds. No gradient leaves the
  // window.
  void input_gradient(int64_t step) {
    for (int64_t r = 0; r < rows; ++r) {
      float* to = m_.dxh.data() + r * inputs;
      std::fill_n(to, embed, 0.0F);
      if (step > 0) std::copy_n(m_.dh_of(step - 1) + r * hidden, hidden, to + embed);
    }
    HWY_DYNAMIC_DISPATCH(multiply_back)(m_, step, step > 0 ? inputs : embed);
  }

  void descend_clipped(float lr) {
    struct Pair {
      Buffer<float>&w, &d;
      int64_t size;
    };
    const Pair pairs[] = {{m_.embedding, m_.d_embedding, m_.embedding.size()},
                          {m_.lstm_w, m_.d_lstm_w, m_.lstm_w.size()},
                          {m_.lstm_b, m_.d_lstm_b, m_.lstm_b.size()},
                          {m_.out_w, m_.d_out_w, m_.out_w.size()},
                          {m_.out_b, m_.d_out_b, m_.characters}};
    double squares = 0;
    for (const Pair& p : pairs) squares += HWY_DYNAMIC_DISPATCH(sum_of_squares)(p.d.data(), p.size);
    const double scale = std::min(limit_ / std::sqrt(squares), 1.0);
    for (const Pair& p : pairs)
      HWY_DYNAMIC_DISPATCH(descend)(p.w.data(), p.d.data(), p.size, static_cast<float>(lr * scale));
  }

  void carry_state() {
    for (int64_t r = 0; r < rows; ++r)
      std::copy_n(m_.xh_of(m_.steps) + r * xh_stride + embed, hidden, m_.xh_of(0) + r * xh_stride + embed);
    std::copy_n(m_.c_of(m_.steps), rows * hidden, m_.c_of(0));
  }

  std::vector<Window> windows_;
  double limit_;
  CharlmModel m_;
};

}  // namespace

std::unique_ptr<Trainer> make_charlm(std::vector<Window> windows, int64_t characters, double limit) {
  return std::make_unique<Charlm>(std::move(windows), characters, limit);
}

}  // namespace plugrad::by_hand
#endif

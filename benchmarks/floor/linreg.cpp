// Linear regression as one pass over the data per update: while 14 columns of a few rows are in registers
// (the last is ones, for the bias), they give the errors e = y - x w and what these add to the gradient
// -2/n x^T e.
#include "plugrad/benchmarks/floor/targets.h"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/benchmarks/floor/linreg.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "plugrad/backends/cpu/vectors-inl.h"
#include "plugrad/benchmarks/floor/buffer.h"
#include "plugrad/benchmarks/floor/trainer.h"

#ifndef PLUGRAD_BENCHMARKS_FLOOR_LINREG_
#define PLUGRAD_BENCHMARKS_FLOOR_LINREG_
namespace plugrad::by_hand {
namespace {

constexpr int inputs = 13, columns = inputs + 1;
constexpr int weights = 16;  // what holds them: those of the columns, and two that stay 0

constexpr int64_t block_rows = 16, block_size = (columns + 1) * block_rows;

// Blocks of rows, in each of which the columns stand one after another, and y after them. The last block is
// filled up with zeros: a row of zeros has no error and adds nothing.
struct Table {
  int64_t rows, blocks;
  Buffer<float> data;
  alignas(64) float w[weights] = {};

  explicit Table(int64_t n) : rows(n), blocks((n + block_rows - 1) / block_rows), data(blocks * block_size) {}
  float& at(int64_t row, int64_t column) {
    return data[row / block_rows * block_size + column * block_rows + row % block_rows];
  }
};

}  // namespace
}  // namespace plugrad::by_hand
#endif

HWY_BEFORE_NAMESPACE();
namespace plugrad::by_hand::HWY_NAMESPACE {
namespace {

using namespace cpu::HWY_NAMESPACE;

double update_linreg(Table& t, float lr) {
  constexpr Full<float> d;
  constexpr int loss = columns;  // the sum that stands after those of the columns
  VectorRow<float, weights> sum;
#pragma GCC unroll 16
  for (int j = 0; j < weights; ++j) sum[j] = hn::Zero(d);
  const float* HWY_RESTRICT w = t.w;
  const float* HWY_RESTRICT block = t.data.data();
  for (const float* end = block + t.data.size(); block < end; block += block_size)
    for (const float* HWY_RESTRICT x = block; x < block + block_rows; x += lanes<float>) {
      VectorRow<float, columns> v;
#pragma GCC unroll 16
      for (int j = 0; j < columns; ++j) v[j] = hn::Load(d, x + j * block_rows);
      // Two chains, so that additions wait less for each other.
      auto error = hn::Load(d, x + columns * block_rows), rest = hn::Zero(d);
#pragma GCC unroll 16
      for (int j = 0; j < columns; j += 2) {
        error = hn::NegMulAdd(v[j], hn::Set(d, w[j]), error);
        rest = hn::MulAdd(v[j + 1], hn::Set(d, w[j + 1]), rest);
      }
      error = hn::Sub(error, rest);
#pragma GCC unroll 16
      for (int j = 0; j < columns; ++j) sum[j] = hn::MulAdd(error, v[j], sum[j]);
      sum[loss] = hn::MulAdd(error, error, sum[loss]);
    }
  constexpr BlockTag<float> four;
  constexpr int size = block_lanes<float>;
  alignas(64) float sums_of[weights];
#pragma GCC unroll 16
  for (int j = 0; j < weights; j += size) {
    VectorRow<float, size> part;
    for (int k = 0; k < size; ++k) part[k] = sum[j + k];
    hn::Store(sums<float>(part), four, sums_of + j);
  }
  const double squares = sums_of[loss];
  sums_of[loss] = 0;
  const auto scale = hn::Set(four, 2 * lr / static_cast<float>(t.rows));
  for (int j = 0; j < weights; j += size)
    hn::Store(hn::MulAdd(scale, hn::Load(four, sums_of + j), hn::Load(four, t.w + j)), four, t.w + j);
  return squares / static_cast<double>(t.rows);
}

}  // namespace
}  // namespace plugrad::by_hand::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::by_hand {
namespace {

HWY_EXPORT(update_linreg);

class LinReg : public Trainer {
 public:
  LinReg(const std::vector<float>& x, const std::vector<float>& y) : table_(static_cast<int64_t>(y.size())) {
    for (int64_t i = 0; i < table_.rows; ++i) {
      for (int64_t j = 0; j < inputs; ++j) table_.at(i, j) = x[static_cast<size_t>(i * inputs + j)];
      table_.at(i, inputs) = 1;
      table_.at(i, columns) = y[static_cast<size_t>(i)];
    }
  }
  void set_parameters(const Parameters& p) override {
    std::copy(p[0].begin(), p[0].end(), table_.w);
    table_.w[inputs] = p[1][0];
  }
  Parameters parameters() const override { return {{table_.w, table_.w + inputs}, {table_.w[inputs]}}; }
  int64_t batches() const override { return 1; }
  double update(int64_t, float lr) override { return HWY_DYNAMIC_DISPATCH(update_linreg)(table_, lr); }

 private:
  Table table_;
};

}  // namespace

std::unique_ptr<Trainer> make_linreg(const std::vector<float>& x, const std::vector<float>& y) {
  return std::make_unique<LinReg>(x, y);
}

}  // namespace plugrad::by_hand
#endif

// cross_entropy: the mean over rows of m + log s - x[label], m = max x, s = sum e^(x - m).
//   dx = (e^(x - m) / s - onehot(label)) dy / rows
// nll: the mean over rows of -x[label]; dx = -onehot(label) dy / rows
// Rows whose label is the one to ignore are not among those counted, nor read; there dx = 0.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/cross_entropy.cpp"
#include <string>
#include "hwy/foreach_target.h"  // must come before highway.h

#include "plugrad/backends/cpu/softmax-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

#ifndef PLUGRAD_BACKENDS_CPU_LABELS_
#define PLUGRAD_BACKENDS_CPU_LABELS_
namespace plugrad::cpu {
namespace {

// The labels as int64, which are classes or, where a row is not to count, negative.
class Labels {
 public:
  explicit Labels(const Call& c)
      : classes_(c.in(0).shape[1]), rows_(c.in(0).shape[0]), labels_(c.workspace<int64_t>(rows_)) {
    plugin::with_integer(c.in(1).dtype, [&](auto type) {
      take(data<const typename decltype(type)::type>(c.in(1)), c.in(1).strides[0], c.integer(0));
    });
  }
  int64_t operator[](int64_t row) const { return labels_[row]; }
  int64_t rows() const { return rows_; }
  double counted() const { return static_cast<double>(counted_); }  // rows

 private:
  template <class I>
  void take(const I* labels, int64_t stride, int64_t ignored) {
    const bool some_ignored = ignored != std::numeric_limits<int64_t>::min();
    for (int64_t i = 0; i < rows_; ++i) {
      const int64_t label = labels[i * stride];
      labels_[i] = -1;
      if (some_ignored && label == ignored) continue;
      if (label < 0 || label >= classes_)
        throw plugin::Failure(PLUGRAD_BAD_SHAPE, "index " + std::to_string(label) + " out of range for " +
                                                     std::to_string(classes_) + " classes");
      labels_[i] = label;
      ++counted_;
    }
  }

  int64_t classes_, rows_, counted_ = 0;
  int64_t* labels_;
};

}  // namespace
}  // namespace plugrad::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// Calls f(row, label) for rows in parallel.
template <class F>
void for_each_row(const Call& c, const Labels& labels, int64_t grain, F&& f) {
  parallel_for(c.threads(), labels.rows(), std::max<int64_t>(grain, 1), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) f(r, labels[r]);
  });
}
int64_t rows_worth_a_thread(int64_t classes) { return heavy_grain / std::max<int64_t>(classes, 1); }

void cross_entropy(const Call& c) {
  const Labels labels(c);
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const int64_t n = c.in(0).shape[1];
    const T* x = compact<T>(c, c.in(0));
    T* losses = c.workspace<T>(labels.rows());
    for_each_row(c, labels, rows_worth_a_thread(n), [&](int64_t r, int64_t label) {
      losses[r] = 0;
      if (label < 0) return;
      const T* row = x + r * n;
      const T m = row_max(row, n);
      losses[r] = std::log(row_sum_exp<T>(row, m, nullptr, n)) + (m - row[label]);
    });
    double total = 0;  // in the order of the rows, whichever thread had them
    for (int64_t r = 0; r < labels.rows(); ++r) total += static_cast<double>(losses[r]);
    *data<T>(c.out()) = static_cast<T>(total / labels.counted());
  });
}

void cross_entropy_gradient(const Call& c) {
  const Labels labels(c);
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const int64_t n = c.in(0).shape[1];
    const T* x = compact<T>(c, c.in(0));
    T* dx = data<T>(c.din(0));
    const T dy = *data<const T>(c.dout()) / static_cast<T>(labels.counted());
    for_each_row(c, labels, rows_worth_a_thread(n), [&](int64_t r, int64_t label) {
      T* out = dx + r * n;
      if (label < 0) return static_cast<void>(std::fill_n(out, n, T{0}));
      const T scale = dy / row_sum_exp(x + r * n, row_max(x + r * n, n), out, n);
      for_each_vector<T>(n, [&](auto d, int64_t i, int64_t count) HWY_ATTR {
        store_up_to(hn::Mul(load_up_to(d, out + i, count), hn::Set(d, scale)), d, out + i, count);
      });
      out[label] -= dy;
    });
  });
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
namespace {

// One element a row: nothing for vectors to do.
void nll(const Call& c) {
  const Labels labels(c);
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const DLTensor& x = c.in(0);
    double total = 0;
    for (int64_t r = 0; r < labels.rows(); ++r)
      if (labels[r] >= 0)
        total -= static_cast<double>(data<const T>(x)[r * x.strides[0] + labels[r] * x.strides[1]]);
    *data<T>(c.out()) = static_cast<T>(total / labels.counted());
  });
}

void nll_gradient(const Call& c) {
  const Labels labels(c);
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const int64_t n = c.in(0).shape[1];
    const T slope = -(*data<const T>(c.dout()) / static_cast<T>(labels.counted()));
    parallel_for(c.threads(), labels.rows(), light_grain / std::max<int64_t>(n, 1) + 1,
                 [&](int64_t begin, int64_t end) {
                   T* dx = data<T>(c.din(0));
                   std::fill_n(dx + begin * n, (end - begin) * n, T{0});
                   for (int64_t r = begin; r < end; ++r)
                     if (labels[r] >= 0) dx[r * n + labels[r]] = slope;
                 });
  });
}

PLUGRAD_KERNELS(nll, nll, nll_gradient);

}  // namespace

PLUGRAD_CPU_KERNELS(cross_entropy);
}  // namespace plugrad::cpu
#endif

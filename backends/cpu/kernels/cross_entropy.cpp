// cross_entropy: the mean over rows of m + log s - x[label], m = max x, s = sum e^(x - m).
//   dx = (e^(x - m) / s - onehot(label)) dy / rows
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/cross_entropy.cpp"
#include <string>
#include "hwy/foreach_target.h"  // must come before highway.h

#include "plugrad/backends/cpu/softmax-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// Label i, checked.
template <class I>
int64_t label_at(const DLTensor& labels, int64_t i, int64_t classes) {
  const I label = data<const I>(labels)[i * labels.strides[0]];
  if (label < 0 || label >= classes)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE, "index " + std::to_string(label) + " out of range for " +
                                                 std::to_string(classes) + " classes");
  return label;
}

// Calls f(row, label) for rows in parallel.
template <class F>
void for_each_row(const Call& c, int64_t rows, int64_t classes, F&& f) {
  plugin::with_integer(c.in(1).dtype, [&](auto type) {
    using I = typename decltype(type)::type;
    parallel_for(c.threads(), rows, std::max<int64_t>(heavy_grain / std::max<int64_t>(classes, 1), 1),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t r = begin; r < end; ++r) f(r, label_at<I>(c.in(1), r, classes));
                 });
  });
}

void cross_entropy(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const int64_t rows = c.in(0).shape[0], n = c.in(0).shape[1];
    const T* x = compact<T>(c, c.in(0));
    T* losses = c.workspace<T>(rows);
    for_each_row(c, rows, n, [&](int64_t r, int64_t label) {
      const T* row = x + r * n;
      const T m = row_max(row, n);
      losses[r] = std::log(row_sum_exp<T>(row, m, nullptr, n)) + (m - row[label]);
    });
    double total = 0;  // in the order of the rows, whichever thread had them
    for (int64_t r = 0; r < rows; ++r) total += static_cast<double>(losses[r]);
    *data<T>(c.out()) = static_cast<T>(total / static_cast<double>(rows));
  });
}

void cross_entropy_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const int64_t rows = c.in(0).shape[0], n = c.in(0).shape[1];
    const T* x = compact<T>(c, c.in(0));
    T* dx = data<T>(c.din(0));
    const T dy = *data<const T>(c.dout()) / static_cast<T>(rows);
    for_each_row(c, rows, n, [&](int64_t r, int64_t label) {
      T* out = dx + r * n;
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
PLUGRAD_CPU_KERNELS(cross_entropy);
}  // namespace plugrad::cpu
#endif

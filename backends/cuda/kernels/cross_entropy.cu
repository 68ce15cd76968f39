// The mean over rows x of logits of their loss; m = max x, s = sum e^(x - m).
//
//   loss   y = mean of (m + log s - x[label])    dx = (e^(x - m) / s - [i = label]) dy / rows
//
// Losses are written row by row and then added up, so that the order is the same each time.
#include "plugrad/backends/cuda/deferred_errors.h"
#include "plugrad/backends/cuda/softmax.cuh"

namespace plugrad::cuda {
namespace {

// Operands: x, labels, losses.
template <class T, class I>
struct LossRows : NormalizedRows<T, 0> {
  static constexpr int walked = 1;
  IndexError* errors;

  explicit LossRows(IndexError* e) : errors(e) {}

  template <int width>
  __device__ void finish(const Row<3>& row, typename Normalizer<T>::Acc found, int rank, int) const {
    if (rank != 0) return;
    const I label = *row.at<const I>(1);
    T loss = 0;
    if (check_index(label, row.axis.length, Things::Classes, errors))
      loss = ::log(found.sum) + (found.max - *row.at<const T>(0, static_cast<uint32_t>(label)));
    *row.at<T>(2) = loss;
  }
};

// Operands: dx, x, labels, dy. A label that is no class was reported by the forward pass.
template <class T, class I>
struct GradientRows : NormalizedRows<T, 1> {
  static constexpr int walked = 2;
  T count;  // of rows

  explicit GradientRows(int64_t rows) : count(static_cast<T>(rows)) {}

  template <int width>
  __device__ void finish(const Row<4>& row, typename Normalizer<T>::Acc found, int rank, int size) const {
    const int64_t label = *row.at<const I>(2);
    const T dy = *row.at<const T>(3) / count, scale = 1 / found.sum;
    row.write<width, T>(0, rank, size, [&](uint32_t pack) {
      Pack<T, width> values = row.load<T, width>(1, pack);
      for (int i = 0; i < width; ++i) {
        const T hit = int64_t{pack} * width + i == label ? T{1} : T{0};
        values.element[i] = (::exp(values.element[i] - found.max) * scale - hit) * dy;
      }
      return values;
    });
  }
};

// `t` as operand k with one element for each row, `stride` apart.
template <int N>
void set_one_each(RowArrays<N>& a, int k, void* data, int item, int64_t stride) {
  a.others.data[k] = static_cast<char*>(data);
  a.others.item[k] = item;
  a.others.strides[k][0] = stride;
}

// The labels as operand k.
template <int N>
void set_labels(RowArrays<N>& a, int k, const DLTensor& labels) {
  set_one_each(a, k, plugin::data<void>(labels), labels.dtype.bits / 8, labels.strides[0]);
}

void cross_entropy(const Call& c) {
  const DLTensor &x = c.in(0), &labels = c.in(1);
  const int64_t n = x.shape[0];
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    T* losses = n > 0 ? c.workspace<T>(n) : nullptr;
    auto rows = row_arrays<3>(x, 1);
    set_walked(rows, 0, x, 1);
    set_labels(rows, 1, labels);
    set_one_each(rows, 2, losses, sizeof(T), 1);
    plugin::with_integer(labels.dtype, [&]<class I>(Type<I>) {
      if (n > 0) for_each_row(c, rows, LossRows<T, I>(index_errors(c)));
    });
    int64_t shape[] = {n}, strides[] = {1};
    DLTensor all = x;
    all.data = losses;
    all.byte_offset = 0;
    all.ndim = 1;
    all.shape = shape;
    all.strides = strides;
    const bool reduced[] = {true};
    reduce(c, FloatingSum<T>{static_cast<double>(n)}, all, reduced, plugin::data<T>(c.out()));
  });
}

void cross_entropy_gradient(const Call& c) {
  if (!c.wants(0)) return;
  const DLTensor &x = c.in(0), &labels = c.in(1), &dy = c.dout();
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    auto rows = row_arrays<4>(x, 1);
    set_walked(rows, 0, c.din(0), 1);
    set_walked(rows, 1, x, 1);
    set_labels(rows, 2, labels);
    set_one_each(rows, 3, plugin::data<void>(dy), sizeof(T), 0);
    plugin::with_integer(labels.dtype,
                         [&]<class I>(Type<I>) { for_each_row(c, rows, GradientRows<T, I>(x.shape[0])); });
  });
}

PLUGRAD_KERNELS(cross_entropy, cross_entropy, cross_entropy_gradient);

}  // namespace
}  // namespace plugrad::cuda

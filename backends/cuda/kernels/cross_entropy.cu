// The mean over rows x of their loss; m = max x, s = sum e^(x - m).
//
//   cross_entropy   y = mean of (m + log s - x[label])   dx = (e^(x - m) / s - [i = label]) dy / rows
//   nll             y = mean of -x[label]                dx = -[i = label] dy / rows
//
// Rows whose label is the one to ignore do not count, and there dx = 0. Each row writes its share of the
// mean, and these are then added up, so that the order is the same each time.
#include "plugrad/backends/cuda/deferred_errors.h"
#include "plugrad/backends/cuda/softmax.cuh"

namespace plugrad::cuda {
namespace {

using Count = unsigned long long;  // what atomicAdd takes

// How labels are read. Their type is a member, so that one kernel serves both.
struct Labels {
  bool is_64_bit, some_ignored;
  int64_t ignored, rows;
  const Count* counted;  // rows that count; null: all

  __device__ int64_t read(const void* label) const {
    return is_64_bit ? *static_cast<const int64_t*>(label) : int64_t{*static_cast<const int32_t*>(label)};
  }
  __device__ bool counts(int64_t label) const { return !some_ignored || label != ignored; }
  // By how many rows losses and gradients are divided; 0 where none counts.
  template <class T>
  __device__ T divisor() const {
    return static_cast<T>(counted ? *counted : static_cast<Count>(rows));
  }
};

// Labels as they lie in memory, `step` bytes apart.
struct LabelArray {
  Labels labels;
  const char* data;
  int64_t step;
  __device__ int64_t operator[](int64_t row) const { return labels.read(data + row * step); }
};

__global__ void __launch_bounds__(block_threads) count_kernel(LabelArray a, Count* counted) {
  using Team = WarpTeam;
  __shared__ Team::Storage<unsigned> shared;
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t first = int64_t{blockIdx.x} * blockDim.x; first < a.labels.rows; first += step) {
    const int64_t row = first + threadIdx.x;
    unsigned n = row < a.labels.rows && a.labels.counts(a[row]) ? 1 : 0;
    n = Team::reduce(shared, n, [](unsigned x, unsigned y) { return x + y; });
    __syncwarp();
    if (Team::rank() == 0) atomicAdd(counted, Count{n});
  }
}

LabelArray label_array(const Call& c) {
  const DLTensor& t = c.in(1);
  const int64_t ignored = c.integer(0);
  LabelArray a{
      {t.dtype.bits == 64, ignored != std::numeric_limits<int64_t>::min(), ignored, t.shape[0], nullptr},
      plugin::data<const char>(t),
      t.strides[0] * (t.dtype.bits / 8)};
  if (!a.labels.some_ignored || a.labels.rows == 0) return a;
  auto* counted = c.workspace<Count>(1);
  check(cudaMemsetAsync(counted, 0, sizeof(Count), stream(c)), "cudaMemsetAsync");
  launch(c, count_kernel, grid_blocks(a.labels.rows), block_threads, a, counted);
  a.labels.counted = counted;
  return a;
}

// Operands: x, labels, losses.
template <class T>
struct LossRows : NormalizedRows<T, 0> {
  static constexpr int walked = 1;
  Labels labels;
  IndexError* errors;

  LossRows(const Labels& l, IndexError* e) : labels(l), errors(e) {}

  template <int width>
  __device__ void finish(const Row<3>& row, typename Normalizer<T>::Acc found, int rank, int) const {
    if (rank != 0) return;
    const int64_t label = labels.read(row.data[1]);
    T loss = 0;
    if (labels.counts(label) && check_index(label, row.axis.length, Things::Classes, errors))
      loss = ::log(found.sum) + (found.max - *row.at<const T>(0, static_cast<uint32_t>(label)));
    *row.at<T>(2) = loss / labels.divisor<T>();
  }
};

// Operands: dx, x, labels, dy. A label that is no class was reported by the forward pass.
template <class T>
struct GradientRows : NormalizedRows<T, 1> {
  static constexpr int walked = 2;
  Labels labels;

  explicit GradientRows(const Labels& l) : labels(l) {}

  template <int width>
  __device__ void finish(const Row<4>& row, typename Normalizer<T>::Acc found, int rank, int size) const {
    const int64_t label = labels.read(row.data[2]);
    const bool counts = labels.counts(label);
    const T dy = *row.at<const T>(3) / labels.divisor<T>(), scale = 1 / found.sum;
    row.write<width, T>(0, rank, size, [&](uint32_t pack) {
      Pack<T, width> values = row.load<T, width>(1, pack);
      for (int i = 0; i < width; ++i) {
        const T hit = int64_t{pack} * width + i == label ? T{1} : T{0};
        values.element[i] = counts ? (::exp(values.element[i] - found.max) * scale - hit) * dy : T{0};
      }
      return values;
    });
  }
};

// Operand k with one element for each row, `stride` apart.
template <int N>
void set_one_each(RowArrays<N>& a, int k, const void* data, int item, int64_t stride) {
  a.others.data[k] = static_cast<char*>(const_cast<void*>(data));
  a.others.item[k] = item;
  a.others.strides[k][0] = stride;
}

// y = the sum of n shares of a mean; of none it is NaN.
template <class T>
void add_shares(const Call& c, T* shares) {
  int64_t shape[] = {c.in(0).shape[0]}, strides[] = {1};
  DLTensor all = c.in(0);
  all.data = shares;
  all.byte_offset = 0;
  all.ndim = 1;
  all.shape = shape;
  all.strides = strides;
  const bool reduced[] = {true};
  reduce(c, FloatingSum<T>{shape[0] > 0 ? 1.0 : 0.0}, all, reduced, plugin::data<T>(c.out()));
}

void cross_entropy(const Call& c) {
  const DLTensor& x = c.in(0);
  const int64_t n = x.shape[0];
  const LabelArray labels = label_array(c);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    T* losses = n > 0 ? c.workspace<T>(n) : nullptr;
    auto rows = row_arrays<3>(x, 1);
    set_walked(rows, 0, x, 1);
    set_one_each(rows, 1, labels.data, 1, labels.step);
    set_one_each(rows, 2, losses, sizeof(T), 1);
    if (n > 0) for_each_row(c, rows, LossRows<T>(labels.labels, index_errors(c)));
    add_shares(c, losses);
  });
}

void cross_entropy_gradient(const Call& c) {
  if (!c.wants(0)) return;
  const DLTensor& x = c.in(0);
  const LabelArray labels = label_array(c);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    auto rows = row_arrays<4>(x, 1);
    set_walked(rows, 0, c.din(0), 1);
    set_walked(rows, 1, x, 1);
    set_one_each(rows, 2, labels.data, 1, labels.step);
    set_one_each(rows, 3, plugin::data<void>(c.dout()), sizeof(T), 0);
    for_each_row(c, rows, GradientRows<T>(labels.labels));
  });
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    nll_kernel(LabelArray a, const T* x, int64_t row_stride, int64_t stride, int64_t classes, T* losses,
               IndexError* errors) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t row = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; row < a.labels.rows; row += step) {
    const int64_t label = a[row];
    T loss = 0;
    if (a.labels.counts(label) && check_index(label, classes, Things::Classes, errors))
      loss = -x[row * row_stride + label * stride];
    losses[row] = loss / a.labels.divisor<T>();
  }
}

void nll(const Call& c) {
  const DLTensor& x = c.in(0);
  const int64_t n = x.shape[0];
  const LabelArray labels = label_array(c);
  with_floating(x.dtype, [&]<class T>(Type<T>) {
    T* losses = n > 0 ? c.workspace<T>(n) : nullptr;
    if (n > 0)
      launch(c, nll_kernel<T>, grid_blocks(n), block_threads, labels, plugin::data<T>(x), x.strides[0],
             x.strides[1], x.shape[1], losses, index_errors(c));
    add_shares(c, losses);
  });
}

// dx is zeros already.
template <class T>
__global__ void __launch_bounds__(block_threads)
    nll_gradient_kernel(LabelArray a, const T* dy, T* dx, int64_t classes) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t row = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; row < a.labels.rows; row += step) {
    const int64_t label = a[row];
    if (a.labels.counts(label) && label >= 0 && label < classes)
      dx[row * classes + label] = -(*dy / a.labels.divisor<T>());
  }
}

void nll_gradient(const Call& c) {
  if (!c.wants(0)) return;
  const DLTensor& dx = c.din(0);
  const int64_t elements = plugin::size(dx);
  if (elements == 0) return;
  const LabelArray labels = label_array(c);
  with_floating(dx.dtype, [&]<class T>(Type<T>) {
    check(cudaMemsetAsync(plugin::data<T>(dx), 0, static_cast<size_t>(elements) * sizeof(T), stream(c)),
          "cudaMemsetAsync");
    launch(c, nll_gradient_kernel<T>, grid_blocks(dx.shape[0]), block_threads, labels,
           plugin::data<T>(c.dout()), plugin::data<T>(dx), dx.shape[1]);
  });
}

PLUGRAD_KERNELS(cross_entropy, cross_entropy, cross_entropy_gradient);
PLUGRAD_KERNELS(nll, nll, nll_gradient);

}  // namespace
}  // namespace plugrad::cuda

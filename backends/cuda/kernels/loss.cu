// mse, huber and bce_with_logits of elements x and y; their mean or sum over all n, or each.
//
//   huber             d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2); d = x - y
//                     dx = g max(-delta, min(d, delta)), dy = -dx
//   mse               twice huber with an infinite delta
//   bce_with_logits   (1 - y) x + log(1 + e^-x)       dx = g (sigmoid(x) - y), dy = -g x
// g is the gradient of the result, over n for the mean.
//
// Blocks add up the losses of their elements, and one more block those sums: their number is by shape alone.
#include <limits>

#include "plugrad/backends/cuda/reduction.cuh"

namespace plugrad::cuda {
namespace {

enum Reduction : int64_t { Mean, Sum, None };  // as attribute 0 has them

template <class T>
struct HuberLoss {
  T delta, scale;
  __device__ T operator()(T x, T y) const {
    const T d = ::fabs(x - y);
    return scale * (d <= delta ? d * d / 2 : delta * (d - delta / 2));
  }
};
template <class T>
struct HuberSlope {
  T delta, scale;
  __device__ T operator()(T x, T y, T g) const {
    const T d = x - y;
    const T clamped = d <= -delta ? -delta : d >= delta ? delta : d;  // keeps NaN
    return scale * clamped * g;
  }
};
template <class T>
struct BceLoss {
  __device__ T operator()(T x, T y) const {
    const T negative_part = x < 0 ? -x : T{0};
    return ((1 - y) * x + negative_part) + ::log1p(::exp(-::fabs(x)));  // large terms cancel first
  }
};
template <class T>
struct BceSlope {
  T scale;
  __device__ T operator()(T x, T y, T g) const {
    const T e = ::exp(-::fabs(x));
    return ((x < 0 ? e : T{1}) / (1 + e) - y) * scale * g;
  }
};
template <class T>
struct ScaledProduct {
  T scale;
  __device__ T operator()(T x, T g) const { return scale * x * g; }
};

template <int width, class F, class T>
__global__ void __launch_bounds__(block_threads) sum_kernel(F f, Layout<2> layout, double* sums) {
  __shared__ typename BlockTeam::Storage<double> shared;
  const uint32_t step = gridDim.x * blockDim.x;
  double sum = 0;
  for (uint32_t pack = blockIdx.x * blockDim.x + threadIdx.x; pack < layout.packs; pack += step) {
    int64_t offset[2];
    layout.locate(pack, offset);
    const int n = min(width, static_cast<int>(layout.elements - pack * width));
    const auto x = load<width>(static_cast<const T*>(layout.data[0]) + offset[0], layout.repeats[0], n);
    const auto y = load<width>(static_cast<const T*>(layout.data[1]) + offset[1], layout.repeats[1], n);
    T losses[width];
#pragma unroll
    for (int i = 0; i < width; ++i) losses[i] = i < n ? f(x.element[i], y.element[i]) : T{0};
    sum += tree_sum<width, T>(losses);
  }
  sum = BlockTeam::reduce(shared, sum, [](double a, double b) { return a + b; });
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    total_kernel(const double* sums, int64_t n, double divisor, T* out) {
  __shared__ typename BlockTeam::Storage<double> shared;
  double sum = 0;
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) sum += sums[i];
  sum = BlockTeam::reduce(shared, sum, [](double a, double b) { return a + b; });
  if (threadIdx.x == 0) *out = static_cast<T>(sum / divisor);
}

constexpr int64_t most_blocks = 1024, packs_a_thread = 4;

// Calls f(part, its number of blocks) for the parts of two arrays.
template <class F>
void for_each_sum(const Arrays<2>& arrays, int width, F&& f) {
  for_each_part(arrays, [&](const Arrays<2>& part) {
    const int64_t packs = ceil_div(part.size(), width);
    f(part, std::min(most_blocks, ceil_div(packs, block_threads * packs_a_thread)));
  });
}

// out = the sum of f over x and y / divisor.
template <class T, class F>
void sum_up(const Call& c, F f, double divisor) {
  constexpr int width = 16 / sizeof(T);
  Arrays<2> arrays;
  arrays.ndim = c.in(0).ndim;
  std::copy_n(c.in(0).shape, arrays.ndim, arrays.shape);
  set_operand(arrays, 0, c.in(0));
  set_operand(arrays, 1, c.in(1));
  arrays = merged(arrays);
  int64_t n = 0;
  if (arrays.size() > 0) for_each_sum(arrays, width, [&](const auto&, int64_t blocks) { n += blocks; });
  double* const sums = n > 0 ? c.workspace<double>(n) : nullptr;
  double* next = sums;
  if (n > 0)
    for_each_sum(arrays, width, [&](const Arrays<2>& part, int64_t blocks) {
      const auto run = [&](auto kernel, int packed) {
        launch(c, kernel, blocks, block_threads, f, layout_of(part, packed), next);
      };
      if (packs_fit(part, width)) run(sum_kernel<width, F, T>, width);
      else run(sum_kernel<1, F, T>, 1);
      next += blocks;
    });
  launch(c, total_kernel<T>, 1, block_threads, sums, n, divisor, plugin::data<T>(c.out()));
}

// How many elements share the gradient of the result.
double divisor(const Call& c, const DLTensor& elements) {
  return c.integer(0) == Mean ? static_cast<double>(plugin::size(elements)) : 1;
}

template <class T, class F>
void forward(const Call& c, F f) {
  if (c.integer(0) == None) map<T, T, T>(c, f, c.out(), c.in(0), c.in(1));
  else sum_up<T>(c, f, divisor(c, c.in(0)));
}

void huber_loss(const Call& c, double delta, double scale) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    forward<T>(c, HuberLoss<T>{static_cast<T>(delta), static_cast<T>(scale)});
  });
}
void huber_loss_gradient(const Call& c, double delta, double scale) {
  for (int i = 0; i < 2; ++i, scale = -scale) {
    if (!c.wants(i)) continue;
    const DLTensor& din = c.din(i);
    with_floating(din.dtype, [&]<class T>(Type<T>) {
      const HuberSlope<T> slope{static_cast<T>(delta), static_cast<T>(scale / divisor(c, din))};
      map<T, T, T, T>(c, slope, din, c.in(0), c.in(1), c.dout());
    });
  }
}

constexpr double unbounded = std::numeric_limits<double>::infinity();

void mse(const Call& c) { huber_loss(c, unbounded, 2); }
void mse_gradient(const Call& c) { huber_loss_gradient(c, unbounded, 2); }
void huber(const Call& c) { huber_loss(c, c.real(1), 1); }
void huber_gradient(const Call& c) { huber_loss_gradient(c, c.real(1), 1); }

void bce_with_logits(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) { forward<T>(c, BceLoss<T>{}); });
}
void bce_with_logits_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    if (c.wants(0)) {
      const BceSlope<T> slope{static_cast<T>(1 / divisor(c, c.din(0)))};
      map<T, T, T, T>(c, slope, c.din(0), c.in(0), c.in(1), c.dout());
    }
    if (c.wants(1)) {
      const ScaledProduct<T> product{static_cast<T>(-1 / divisor(c, c.din(1)))};
      map<T, T, T>(c, product, c.din(1), c.in(0), c.dout());
    }
  });
}

PLUGRAD_KERNELS(mse, mse, mse_gradient);
PLUGRAD_KERNELS(huber, huber, huber_gradient);
PLUGRAD_KERNELS(bce_with_logits, bce_with_logits, bce_with_logits_gradient);

}  // namespace
}  // namespace plugrad::cuda

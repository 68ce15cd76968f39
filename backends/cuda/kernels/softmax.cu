// softmax and its logarithm along one axis; m = max x, s = sum e^(x - m).
//
//   softmax       y = e^(x - m) / s    dx = y (dy - sum dy y)
//   log_softmax   y = x - m - log s    dx = dy - e^y sum dy
#include "plugrad/backends/cuda/softmax.cuh"

namespace plugrad::cuda {
namespace {

struct Softmax {
  template <class T>
  struct Forward {
    T max, scale;
    __device__ explicit Forward(typename Normalizer<T>::Acc found) : max(found.max), scale(1 / found.sum) {}
    __device__ T operator()(T x) const { return ::exp(x - max) * scale; }
  };
  template <class T>
  static __device__ T term(T y, T dy) {
    return y * dy;
  }
  template <class T>
  static __device__ T gradient(T y, T dy, T sum) {
    return y * (dy - sum);
  }
};

struct LogSoftmax {
  template <class T>
  struct Forward {
    T max, log_sum;
    __device__ explicit Forward(typename Normalizer<T>::Acc found)
        : max(found.max), log_sum(::log(found.sum)) {}
    __device__ T operator()(T x) const { return x - max - log_sum; }
  };
  template <class T>
  static __device__ T term(T, T dy) {
    return dy;
  }
  template <class T>
  static __device__ T gradient(T y, T dy, T sum) {
    return dy - ::exp(y) * sum;
  }
};

// Operands: y, x.
template <class Op, class T>
struct ForwardRows : NormalizedRows<T, 1> {
  static constexpr int walked = 2;

  template <int width>
  __device__ void finish(const Row<2>& row, typename Normalizer<T>::Acc found, int rank, int size) const {
    const typename Op::template Forward<T> f(found);
    row.write<width, T>(0, rank, size, [&](uint32_t pack) {
      Pack<T, width> values = row.load<T, width>(1, pack);
      for (T& value : values.element) value = f(value);
      return values;
    });
  }
};

// The terms of the sum in a gradient.
template <class Op, class T>
struct Terms {
  const Row<3>& row;
  uint32_t elements;

  template <int width>
  __device__ Pack<T, width> load(uint32_t pack, int) const {
    const Pack<T, width> y = row.load<T, width>(1, pack);
    Pack<T, width> dy = row.load<T, width>(2, pack);
    for (int i = 0; i < width; ++i) dy.element[i] = Op::term(y.element[i], dy.element[i]);
    return dy;
  }
};

// Operands: dx, y, dy.
template <class Op, class T>
struct GradientRows {
  static constexpr int walked = 3;
  using Item = T;
  using Acc = typename FloatingSum<T>::Acc;

  template <int width>
  __device__ Acc fold(const Row<3>& row, int rank, int size) const {
    return fold_all<width>(FloatingSum<T>(), Terms<Op, T>{row, row.axis.length}, rank, size);
  }
  __device__ Acc operator()(Acc a, Acc b) const { return a + b; }
  template <int width>
  __device__ void finish(const Row<3>& row, Acc acc, int rank, int size) const {
    const T sum = static_cast<T>(acc);
    row.write<width, T>(0, rank, size, [&](uint32_t pack) {
      const Pack<T, width> y = row.load<T, width>(1, pack);
      Pack<T, width> dy = row.load<T, width>(2, pack);
      for (int i = 0; i < width; ++i) dy.element[i] = Op::gradient(y.element[i], dy.element[i], sum);
      return dy;
    });
  }
};

int axis_of(const Call& c, const DLTensor& t) {
  return static_cast<int>(c.integer(0) < 0 ? c.integer(0) + t.ndim : c.integer(0));
}

template <class Op>
void forward(const Call& c) {
  const int axis = axis_of(c, c.out());
  auto rows = row_arrays<2>(c.out(), axis);
  set_walked(rows, 0, c.out(), axis);
  set_walked(rows, 1, c.in(0), axis);
  with_floating(c.out().dtype, [&]<class T>(Type<T>) { for_each_row(c, rows, ForwardRows<Op, T>()); });
}

template <class Op>
void gradient(const Call& c) {
  const int axis = axis_of(c, c.out());
  auto rows = row_arrays<3>(c.out(), axis);
  set_walked(rows, 0, c.din(0), axis);
  set_walked(rows, 1, c.out(), axis);
  set_walked(rows, 2, c.dout(), axis);
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) { for_each_row(c, rows, GradientRows<Op, T>()); });
}

void softmax(const Call& c) { forward<Softmax>(c); }
void softmax_gradient(const Call& c) { gradient<Softmax>(c); }
void log_softmax(const Call& c) { forward<LogSoftmax>(c); }
void log_softmax_gradient(const Call& c) { gradient<LogSoftmax>(c); }

PLUGRAD_KERNELS(softmax, softmax, softmax_gradient);
PLUGRAD_KERNELS(log_softmax, log_softmax, log_softmax_gradient);

}  // namespace
}  // namespace plugrad::cuda

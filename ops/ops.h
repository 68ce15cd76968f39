// The user's functions: one line an op.
//
// Operands broadcast by NumPy's rule where that is said, and then promote to a common dtype
// (docs/semantics.md). Every function throws ShapeError, DTypeError or DeviceError, starting with its name,
// where its operands do not fit. All are differentiable in their floating operands unless said otherwise.
#pragma once

#include "plugrad/core/backend.h"
#include "plugrad/core/grad.h"
#include "plugrad/ops/generator.h"

namespace plugrad {

// ---- creation: constants ----
PLUGRAD_PUBLIC Array full(const Shape& shape, double value, DType dtype = float32,
                          Device device = default_device());
PLUGRAD_PUBLIC Array zeros(const Shape& shape, DType dtype = float32, Device device = default_device());
PLUGRAD_PUBLIC Array ones(const Shape& shape, DType dtype = float32, Device device = default_device());
PLUGRAD_PUBLIC Array full_like(const Array& x, double value);
// Uniform in [low, high); normal. Philox4x32-10: the same seed gives the same values on every backend.
PLUGRAD_PUBLIC Array uniform(const Shape& shape, double low = 0, double high = 1,
                             Generator& g = default_generator(), DType dtype = float32,
                             Device device = default_device());
PLUGRAD_PUBLIC Array normal(const Shape& shape, double mean = 0, double std = 1,
                            Generator& g = default_generator(), DType dtype = float32,
                            Device device = default_device());

// ---- arithmetic, element by element, broadcasting ----
PLUGRAD_PUBLIC Array add(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array sub(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array mul(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array div(const Array& x, const Array& y);  // true division: integers give float32
PLUGRAD_PUBLIC Array pow(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array maximum(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array minimum(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array neg(const Array& x);
PLUGRAD_PUBLIC Array abs(const Array& x);
PLUGRAD_PUBLIC Array sign(const Array& x);  // locally constant
PLUGRAD_PUBLIC Array square(const Array& x);
// y += alpha * x, in place, outside recording (BLAS's axpy): x and y of one shape and dtype.
PLUGRAD_PUBLIC void axpy(double alpha, const Array& x, Array& y);

// ---- functions of one array, element by element ----
PLUGRAD_PUBLIC Array sqrt(const Array& x);
PLUGRAD_PUBLIC Array exp(const Array& x);
PLUGRAD_PUBLIC Array log(const Array& x);
PLUGRAD_PUBLIC Array sin(const Array& x);
PLUGRAD_PUBLIC Array cos(const Array& x);
PLUGRAD_PUBLIC Array relu(const Array& x);
PLUGRAD_PUBLIC Array sigmoid(const Array& x);
PLUGRAD_PUBLIC Array tanh(const Array& x);

// ---- comparison, broadcasting; the result is bool and constant ----
PLUGRAD_PUBLIC Array equal(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array not_equal(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array less(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array less_equal(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array greater(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array greater_equal(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array where(const Array& condition, const Array& x,
                           const Array& y);  // condition: bool; broadcasting

// ---- copies ----
PLUGRAD_PUBLIC Array cast(const Array& x, DType dtype);
PLUGRAD_PUBLIC Array copy(const Array& x);        // data of its own, compact
PLUGRAD_PUBLIC Array contiguous(const Array& x);  // x where it is compact, else a copy

// ---- reductions over `axes` (none named: all); keepdims leaves them with length 1 ----
PLUGRAD_PUBLIC Array sum(const Array& x, const Axes& axes = {},
                         bool keepdims = false);  // integers, bool: int64
PLUGRAD_PUBLIC Array mean(const Array& x, const Axes& axes = {}, bool keepdims = false);
PLUGRAD_PUBLIC Array max(const Array& x, const Axes& axes = {}, bool keepdims = false);
PLUGRAD_PUBLIC Array argmax(const Array& x, int64_t axis,
                            bool keepdims = false);               // int64; the first of equal ones
PLUGRAD_PUBLIC Array sum_to(const Array& x, const Shape& shape);  // the opposite of expand

// ---- products: matrices [m, k] x [k, n], or a vector on either side as NumPy has it ----
PLUGRAD_PUBLIC Array matmul(const Array& x, const Array& y);

// ---- shape; views of the same storage where that can be ----
PLUGRAD_PUBLIC Array reshape(const Array& x, const Ints& shape);       // one length may be -1: what is left
PLUGRAD_PUBLIC Array flatten(const Array& x, int64_t first_axis = 0);  // joins the axes from `first_axis` on
PLUGRAD_PUBLIC Array permute(const Array& x, const Axes& order);
PLUGRAD_PUBLIC Array transpose(const Array& x);  // the last two axes swapped
PLUGRAD_PUBLIC Array expand(const Array& x,
                            const Shape& shape);  // repeats axes of length 1, and new leading ones
PLUGRAD_PUBLIC Array unsqueeze(const Array& x, int64_t axis);
PLUGRAD_PUBLIC Array squeeze(const Array& x, int64_t axis);  // ShapeError where its length is not 1
// Elements start, start + step, ... before stop along one axis; bounds as in Python: negative from the end,
// clamped.
PLUGRAD_PUBLIC Array slice(const Array& x, int64_t axis, int64_t start, int64_t stop, int64_t step = 1);
PLUGRAD_PUBLIC Array select(const Array& x, int64_t axis, int64_t index);  // one index; the axis goes
PLUGRAD_PUBLIC Array flip(const Array& x, int64_t axis);
// Zeros of `shape` with x's element [i, j, ...] at [start[0] + i * step[0], ...]: what a slice's gradient
// needs.
PLUGRAD_PUBLIC Array slice_backward(const Array& x, const Shape& shape, const Axes& start, const Axes& step);
PLUGRAD_PUBLIC Array concat(std::span<const Array> xs, int64_t axis);
inline Array concat(std::initializer_list<Array> xs, int64_t axis) {
  return concat({xs.begin(), xs.size()}, axis);
}
PLUGRAD_PUBLIC Array stack(std::span<const Array> xs, int64_t axis);
PLUGRAD_PUBLIC std::vector<Array> split(const Array& x, int sections, int64_t axis);  // equal parts: views
template <unsigned n>
std::array<Array, n> split(const Array& x, int64_t axis);  // auto [a, b] = split<2>(x, 0);

// ---- by integer indices (int32 or int64), in which nothing is differentiable ----
PLUGRAD_PUBLIC Array embedding(const Array& weight, const Array& index);  // rows of [v, e]: index.shape + [e]
PLUGRAD_PUBLIC Array one_hot(const Array& index, int64_t classes);        // float32: index.shape + [classes]

// ---- neural ----
PLUGRAD_PUBLIC Array softmax(const Array& x, int64_t axis = -1);
PLUGRAD_PUBLIC Array log_softmax(const Array& x, int64_t axis = -1);
// Mean over n of -log softmax(logits)[label]; logits [n, classes], labels [n] integers.
PLUGRAD_PUBLIC Array cross_entropy(const Array& logits, const Array& labels);

struct Conv2dOptions {
  std::array<int64_t, 2> stride = {1, 1}, padding = {0, 0}, dilation = {1, 1};
};
// Cross-correlation: x [n, c, h, w], weight [o, c, kh, kw] -> [n, o, oh, ow] with
// oh = (h + 2 padding - dilation (kh - 1) - 1) / stride + 1, rounded down.
PLUGRAD_PUBLIC Array conv2d(const Array& x, const Array& weight, const Conv2dOptions& options = {});

struct Pool2dOptions {
  std::array<int64_t, 2> stride = {0, 0}, padding = {0, 0};  // stride 0: the kernel's size
};
// x [n, c, h, w]; padding never wins. oh = (h + 2 padding - kernel) / stride + 1, rounded down.
PLUGRAD_PUBLIC Array max_pool2d(const Array& x, std::array<int64_t, 2> kernel,
                                const Pool2dOptions& options = {});
inline Array max_pool2d(const Array& x, int64_t kernel) { return max_pool2d(x, {kernel, kernel}); }

// ---- operators ----
inline Array operator+(const Array& x, const Array& y) { return add(x, y); }
inline Array operator-(const Array& x, const Array& y) { return sub(x, y); }
inline Array operator*(const Array& x, const Array& y) { return mul(x, y); }
inline Array operator/(const Array& x, const Array& y) { return div(x, y); }
inline Array operator-(const Array& x) { return neg(x); }

// A scalar beside x: of x's dtype, but float32 for a fraction beside integers.
PLUGRAD_PUBLIC Array scalar_like(const Array& x, double value);
PLUGRAD_PUBLIC Array scalar_like(const Array& x, int64_t value);
template <class T>
  requires std::is_arithmetic_v<T>
Array scalar_like(const Array& x, T value) {
  if constexpr (std::is_integral_v<T>) return scalar_like(x, static_cast<int64_t>(value));
  else return scalar_like(x, static_cast<double>(value));
}

// Each binary function and operator also takes a number on either side.
#define PLUGRAD_WITH_NUMBERS_(function)    \
  template <class T>                       \
    requires std::is_arithmetic_v<T>       \
  Array function(const Array& x, T y) {    \
    return function(x, scalar_like(x, y)); \
  }                                        \
  template <class T>                       \
    requires std::is_arithmetic_v<T>       \
  Array function(T x, const Array& y) {    \
    return function(scalar_like(y, x), y); \
  }
PLUGRAD_WITH_NUMBERS_(operator+)
PLUGRAD_WITH_NUMBERS_(operator-)
PLUGRAD_WITH_NUMBERS_(operator*)
PLUGRAD_WITH_NUMBERS_(operator/)
PLUGRAD_WITH_NUMBERS_(pow)
PLUGRAD_WITH_NUMBERS_(maximum)
PLUGRAD_WITH_NUMBERS_(minimum)
PLUGRAD_WITH_NUMBERS_(equal)
PLUGRAD_WITH_NUMBERS_(not_equal)
PLUGRAD_WITH_NUMBERS_(less)
PLUGRAD_WITH_NUMBERS_(less_equal)
PLUGRAD_WITH_NUMBERS_(greater)
PLUGRAD_WITH_NUMBERS_(greater_equal)
#undef PLUGRAD_WITH_NUMBERS_

namespace detail {
PLUGRAD_PUBLIC void split_into(const Array& x, std::span<Array> parts, int64_t axis);
}
template <unsigned n>
std::array<Array, n> split(const Array& x, int64_t axis) {
  std::array<Array, n> parts;
  detail::split_into(x, parts, axis);
  return parts;
}

}  // namespace plugrad

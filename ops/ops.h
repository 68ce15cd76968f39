// The user's functions: one line an op.
//
// Operands broadcast by NumPy's rule where that is said, and then promote to a common dtype
// (docs/semantics.md). Every function throws ShapeError, DTypeError or DeviceError, starting with its name,
// where its operands do not fit. All are differentiable in their floating operands unless said otherwise.
#pragma once

#include <limits>

#include "plugrad/core/backend.h"
#include "plugrad/core/grad.h"
#include "plugrad/core/index.h"
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
// true with probability p, each on its own: bool.
PLUGRAD_PUBLIC Array bernoulli(const Shape& shape, double p = 0.5, Generator& g = default_generator(),
                               Device device = default_device());
// Integers, uniform: low <= v < high; int32 or int64.
PLUGRAD_PUBLIC Array randint(const Shape& shape, int64_t low, int64_t high,
                             Generator& g = default_generator(), DType dtype = int64,
                             Device device = default_device());
// 0, 1, ..., n - 1 in random order: int64.
PLUGRAD_PUBLIC Array permutation(int64_t n, Generator& g = default_generator(),
                                 Device device = default_device());
// For each row of `weights` [..., n] (not negative, not all 0) `count` indices, drawn in proportion to them:
// int64 [..., count]. Without replacement each comes at most once.
PLUGRAD_PUBLIC Array multinomial(const Array& weights, int64_t count, bool replacement = true,
                                 Generator& g = default_generator());

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
PLUGRAD_PUBLIC Array reciprocal(const Array& x);
PLUGRAD_PUBLIC Array hypot(const Array& x, const Array& y);         // sqrt(x^2 + y^2), without overflow
PLUGRAD_PUBLIC Array floor_divide(const Array& x, const Array& y);  // Python's //: rounded down; constant
PLUGRAD_PUBLIC Array remainder(const Array& x, const Array& y);     // Python's %: of y's sign
// Values below `low` become low, those above `high` high; NaN stays. A fraction as a bound makes float32 of
// integers. ShapeError where nothing lies between the bounds.
PLUGRAD_PUBLIC Array clamp(const Array& x, double low, double high);
// y += alpha * x, in place, outside recording (BLAS's axpy): x and y of one shape and dtype. Of a row-sparse
// x (core/row_sparse.h) in its rows alone.
PLUGRAD_PUBLIC void axpy(double alpha, const Array& x, Array& y);

// ---- powers, exponentials, logarithms, element by element ----
PLUGRAD_PUBLIC Array sqrt(const Array& x);
PLUGRAD_PUBLIC Array rsqrt(const Array& x);
PLUGRAD_PUBLIC Array cbrt(const Array& x);
PLUGRAD_PUBLIC Array exp(const Array& x);
PLUGRAD_PUBLIC Array exp2(const Array& x);
PLUGRAD_PUBLIC Array exp10(const Array& x);
PLUGRAD_PUBLIC Array expm1(const Array& x);
PLUGRAD_PUBLIC Array log(const Array& x);
PLUGRAD_PUBLIC Array log2(const Array& x);
PLUGRAD_PUBLIC Array log10(const Array& x);
PLUGRAD_PUBLIC Array log1p(const Array& x);

// ---- trigonometric and hyperbolic functions, element by element; angles in radians ----
PLUGRAD_PUBLIC Array sin(const Array& x);
PLUGRAD_PUBLIC Array cos(const Array& x);
PLUGRAD_PUBLIC Array tan(const Array& x);
PLUGRAD_PUBLIC Array asin(const Array& x);
PLUGRAD_PUBLIC Array acos(const Array& x);
PLUGRAD_PUBLIC Array atan(const Array& x);
PLUGRAD_PUBLIC Array atan2(const Array& y,
                           const Array& x);  // the angle of (x, y), in (-pi, pi]; broadcasting
PLUGRAD_PUBLIC Array sinh(const Array& x);
PLUGRAD_PUBLIC Array cosh(const Array& x);
PLUGRAD_PUBLIC Array tanh(const Array& x);
PLUGRAD_PUBLIC Array asinh(const Array& x);
PLUGRAD_PUBLIC Array acosh(const Array& x);
PLUGRAD_PUBLIC Array atanh(const Array& x);
PLUGRAD_PUBLIC Array sinc(const Array& x);  // sin(pi x) / (pi x), 1 at 0

// ---- special functions, element by element ----
PLUGRAD_PUBLIC Array erf(const Array& x);
PLUGRAD_PUBLIC Array erfc(const Array& x);     // 1 - erf(x), also where that is tiny
PLUGRAD_PUBLIC Array lgamma(const Array& x);   // log |Gamma(x)|
PLUGRAD_PUBLIC Array digamma(const Array& x);  // its derivative
// The derivative of digamma of an order of at least 1; ShapeError for a lower one.
PLUGRAD_PUBLIC Array polygamma(int64_t order, const Array& x);

// ---- activation functions, element by element ----
PLUGRAD_PUBLIC Array relu(const Array& x);
PLUGRAD_PUBLIC Array leaky_relu(const Array& x, double slope = 0.01);  // slope x below 0
PLUGRAD_PUBLIC Array elu(const Array& x, double alpha = 1);            // alpha (e^x - 1) below 0
PLUGRAD_PUBLIC Array selu(const Array& x);  // Klambauer et al. 2017: elu, scaled to normalise itself
enum class GeluForm { exact, tanh };
PLUGRAD_PUBLIC Array gelu(const Array& x, GeluForm form = GeluForm::exact);  // x Phi(x), or its tanh form
PLUGRAD_PUBLIC Array silu(const Array& x);                                   // x sigmoid(x)
PLUGRAD_PUBLIC Array mish(const Array& x);                                   // x tanh(softplus(x))
PLUGRAD_PUBLIC Array hardswish(const Array& x);                              // x relu6(x + 3) / 6
PLUGRAD_PUBLIC Array hardsigmoid(const Array& x);                            // relu6(x + 3) / 6
PLUGRAD_PUBLIC Array sigmoid(const Array& x);
PLUGRAD_PUBLIC Array log_sigmoid(const Array& x);
PLUGRAD_PUBLIC Array softplus(const Array& x);  // log(1 + e^x)

// ---- rounding to integers, of x's dtype; constant ----
PLUGRAD_PUBLIC Array floor(const Array& x);
PLUGRAD_PUBLIC Array ceil(const Array& x);
PLUGRAD_PUBLIC Array round(const Array& x);  // halves to the even neighbour
PLUGRAD_PUBLIC Array trunc(const Array& x);  // toward 0

// ---- comparison, broadcasting; the result is bool and constant ----
PLUGRAD_PUBLIC Array equal(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array not_equal(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array less(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array less_equal(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array greater(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array greater_equal(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array where(const Array& condition, const Array& x,
                           const Array& y);  // condition: bool; broadcasting

// ---- logic: operands count as true where they are not 0; bool and constant; broadcasting ----
PLUGRAD_PUBLIC Array logical_and(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array logical_or(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array logical_xor(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array logical_not(const Array& x);
PLUGRAD_PUBLIC Array isnan(const Array& x);
PLUGRAD_PUBLIC Array isinf(const Array& x);
PLUGRAD_PUBLIC Array isfinite(const Array& x);

// ---- copies ----
PLUGRAD_PUBLIC Array cast(const Array& x, DType dtype);
PLUGRAD_PUBLIC Array copy(const Array& x);        // data of its own, compact
PLUGRAD_PUBLIC Array contiguous(const Array& x);  // x where it is compact, else a copy

// ---- reductions over `axes` (none named: all); keepdims leaves them with length 1 ----
PLUGRAD_PUBLIC Array sum(const Array& x, const Axes& axes = {},
                         bool keepdims = false);  // integers, bool: int64
PLUGRAD_PUBLIC Array prod(const Array& x, const Axes& axes = {},
                          bool keepdims = false);  // integers, bool: int64
PLUGRAD_PUBLIC Array mean(const Array& x, const Axes& axes = {}, bool keepdims = false);
// The sum of squared distances from the mean, over (their number - correction); and its square root, NumPy's
// and PyTorch's `std`.
PLUGRAD_PUBLIC Array var(const Array& x, const Axes& axes = {}, bool keepdims = false, double correction = 1);
PLUGRAD_PUBLIC Array stddev(const Array& x, const Axes& axes = {}, bool keepdims = false,
                            double correction = 1);
PLUGRAD_PUBLIC Array max(const Array& x, const Axes& axes = {}, bool keepdims = false);
PLUGRAD_PUBLIC Array min(const Array& x, const Axes& axes = {}, bool keepdims = false);
PLUGRAD_PUBLIC Array logsumexp(const Array& x, const Axes& axes = {}, bool keepdims = false);
// (sum |x|^order)^(1 / order); order may be infinity (the largest |x|) and 0 (how many are not 0).
PLUGRAD_PUBLIC Array norm(const Array& x, double order = 2, const Axes& axes = {}, bool keepdims = false);
PLUGRAD_PUBLIC Array all(const Array& x, const Axes& axes = {}, bool keepdims = false);  // bool; constant
PLUGRAD_PUBLIC Array any(const Array& x, const Axes& axes = {}, bool keepdims = false);  // bool; constant
PLUGRAD_PUBLIC Array argmax(const Array& x, int64_t axis,
                            bool keepdims = false);  // int64; the first of equal ones
PLUGRAD_PUBLIC Array argmin(const Array& x, int64_t axis, bool keepdims = false);
// Of x's shape: the sum of the elements up to each, or of those from it on; integers, bool: int64.
PLUGRAD_PUBLIC Array cumsum(const Array& x, int64_t axis, bool reverse = false);
PLUGRAD_PUBLIC Array sum_to(const Array& x, const Shape& shape);  // the opposite of expand

// ---- products ----
// Matrices [..., m, k] x [..., k, n], leading axes broadcasting, or a vector on either side as NumPy has it.
PLUGRAD_PUBLIC Array matmul(const Array& x, const Array& y);
PLUGRAD_PUBLIC Array dot(const Array& x, const Array& y);    // of two vectors of one length
PLUGRAD_PUBLIC Array outer(const Array& x, const Array& y);  // of two vectors: [m], [n] -> [m, n]
// x [..., in], weight [in, out], bias [out] -> x weight + bias.
PLUGRAD_PUBLIC Array linear(const Array& x, const Array& weight, const Array& bias);

// ---- diagonals and triangles of matrices; diagonal k lies k places above the main one ----
PLUGRAD_PUBLIC Array diagonal(const Array& x, int64_t k = 0, int64_t axis1 = 0, int64_t axis2 = 1);  // a view
PLUGRAD_PUBLIC Array diag(const Array& x, int64_t k = 0);  // of a matrix its diagonal, of a vector the matrix
// The sum of a matrix's diagonal k.
PLUGRAD_PUBLIC Array trace(const Array& x, int64_t k = 0);
PLUGRAD_PUBLIC Array tril(const Array& x, int64_t k = 0);  // 0 above diagonal k of the last two axes
PLUGRAD_PUBLIC Array triu(const Array& x, int64_t k = 0);  // 0 below it
// Zeros of `shape` with x's last axis along diagonal k of axis1 and axis2: what diagonal's gradient needs.
PLUGRAD_PUBLIC Array diagonal_backward(const Array& x, const Shape& shape, int64_t k, int64_t axis1,
                                       int64_t axis2);

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
PLUGRAD_PUBLIC Array roll(const Array& x, int64_t shift, int64_t axis);  // what falls off comes in again
PLUGRAD_PUBLIC Array repeat(const Array& x, int64_t count,
                            int64_t axis);                      // each element count times in a row
PLUGRAD_PUBLIC Array tile(const Array& x, const Ints& counts);  // the whole array side by side; as NumPy's
// `before` and `after` more elements of `value` along each axis.
PLUGRAD_PUBLIC Array pad(const Array& x, const Axes& before, const Axes& after, double value = 0);
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

// ---- by integer indices (int32 or int64), in which nothing is differentiable. Indices out of range are a
// ShapeError; negative ones count from the end where that is said ----
PLUGRAD_PUBLIC Array embedding(const Array& weight, const Array& index);  // rows of [v, e]: index.shape + [e]
PLUGRAD_PUBLIC Array one_hot(const Array& index, int64_t classes);        // float32: index.shape + [classes]
// The elements of x at `index`, an array of any shape, along `axis`, whose place index's axes take; negative
// indices count from the end. Without an axis: of x flattened.
PLUGRAD_PUBLIC Array take(const Array& x, const Array& index, int64_t axis);
PLUGRAD_PUBLIC Array take(const Array& x, const Array& index);
PLUGRAD_PUBLIC Array index_select(const Array& x, int64_t axis, const Array& index);  // index [n], from 0
// x with source[..., k, ...] added to it at index[k] along `axis`: index [n], repeats add up.
PLUGRAD_PUBLIC Array index_add(const Array& x, int64_t axis, const Array& index, const Array& source);
// y[i, j, ...] = x[index[i, j, ...], j, ...] for axis 0, and so on: index has x's rank, and is no longer than
// x in the other axes.
PLUGRAD_PUBLIC Array gather(const Array& x, int64_t axis, const Array& index);
// x with source[i, j, ...] added to it at [index[i, j, ...], j, ...], for axis 0, and so on.
PLUGRAD_PUBLIC Array scatter_add(const Array& x, int64_t axis, const Array& index, const Array& source);
// A row-sparse array (core/row_sparse.h) with each sum of entries of one row in one of these, and zeros in
// the others: so that norms of its rows are its own. Error for another array.
PLUGRAD_PUBLIC Array coalesce(const Array& x);
// int64: index, counted from the start of an axis of `length` where it is negative.
PLUGRAD_PUBLIC Array normalize_index(const Array& index, int64_t length);
// int64: where in a row-major walk over axes of these lengths the indices, one for each axis, are together;
// broadcasting; negative ones count from the end of their axis.
PLUGRAD_PUBLIC Array ravel_index(std::span<const Array> indices, const Axes& lengths);
// The row-major places of the first `count` elements that are not 0: int64 [count]. Where there are fewer,
// the rest is x.size().
PLUGRAD_PUBLIC Array flatnonzero(const Array& x, int64_t count);
PLUGRAD_PUBLIC Array flatnonzero(const Array& x);  // all; waits for the device
PLUGRAD_PUBLIC Array masked_select(const Array& x,
                                   const Array& mask);  // [n]; broadcasting; waits for the device

// ---- subscripts: x[{0, range(1, -1, 2), ellipsis, new_axis, index, mask}] (core/index.h) ----
// x[{...}] of a list made at run time.
PLUGRAD_PUBLIC Array subscript(const Array& x, std::span<const Index> indices);
// Writes `value`, cast to x's dtype and repeated to the shape of x[{...}], over that part of x, in place and
// outside recording. Where an index comes twice, the last one in row-major order stays. ShapeError where the
// value does not fit; Error where x is being recorded, or repeats elements. Then x is as it was.
PLUGRAD_PUBLIC void assign(Array& x, std::span<const Index> indices, const Array& value);
inline void assign(Array& x, std::initializer_list<Index> indices, const Array& value) {
  assign(x, std::span(indices.begin(), indices.size()), value);
}

// ---- neural ----
PLUGRAD_PUBLIC Array softmax(const Array& x, int64_t axis = -1);
PLUGRAD_PUBLIC Array log_softmax(const Array& x, int64_t axis = -1);

// ---- convolution and pooling over the trailing axes ----
struct Conv2dOptions {
  std::array<int64_t, 2> stride = {1, 1}, padding = {0, 0}, dilation = {1, 1};
  int64_t groups = 1;  // into how many the channels are parted, each convolved on its own
};
// Cross-correlation: x [n, c, h, w], weight [o, c / groups, kh, kw] -> [n, o, oh, ow] with
// oh = (h + 2 padding - dilation (kh - 1) - 1) / stride + 1, rounded down.
PLUGRAD_PUBLIC Array conv2d(const Array& x, const Array& weight, const Conv2dOptions& options = {});
struct Conv1dOptions {
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};
// The same over one axis: x [n, c, w], weight [o, c / groups, kw] -> [n, o, ow].
PLUGRAD_PUBLIC Array conv1d(const Array& x, const Array& weight, const Conv1dOptions& options = {});
struct ConvTranspose2dOptions {
  std::array<int64_t, 2> stride = {1, 1}, padding = {0, 0}, output_padding = {0, 0}, dilation = {1, 1};
  int64_t groups = 1;
};
// What conv2d's gradient in its input computes: x [n, c, h, w], weight [c, o / groups, kh, kw] ->
// [n, o, oh, ow] with oh = (h - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1. ShapeError
// for output_padding that is neither less than stride nor than dilation.
PLUGRAD_PUBLIC Array conv_transpose2d(const Array& x, const Array& weight,
                                      const ConvTranspose2dOptions& options = {});

struct Pool2dOptions {
  std::array<int64_t, 2> stride = {0, 0}, padding = {0, 0};  // stride 0: the kernel's size
};
// x [n, c, h, w]; padding, at most half the kernel (ShapeError), never wins.
// oh = (h + 2 padding - kernel) / stride + 1, rounded down.
PLUGRAD_PUBLIC Array max_pool2d(const Array& x, std::array<int64_t, 2> kernel,
                                const Pool2dOptions& options = {});
inline Array max_pool2d(const Array& x, int64_t kernel) { return max_pool2d(x, {kernel, kernel}); }
// The mean of each window; its padding counts as zeros, or not at all.
PLUGRAD_PUBLIC Array avg_pool2d(const Array& x, std::array<int64_t, 2> kernel,
                                const Pool2dOptions& options = {}, bool count_include_pad = true);
inline Array avg_pool2d(const Array& x, int64_t kernel) { return avg_pool2d(x, {kernel, kernel}); }

// ---- normalisation: (x - mean) / sqrt(var + eps) weight + bias, var being the biased one ----
struct BatchNormResult {
  Array y, mean, var;  // mean and var [c]: of this batch
};
// Mean and var over all axes but the second: x [n, c, ...], weight and bias [c] (Ioffe and Szegedy 2015).
PLUGRAD_PUBLIC BatchNormResult batch_norm(const Array& x, const Array& weight, const Array& bias,
                                          double eps = 1e-5);
// With a mean and var [c] that are given.
PLUGRAD_PUBLIC Array batch_norm_inference(const Array& x, const Array& weight, const Array& bias,
                                          const Array& mean, const Array& var, double eps = 1e-5);
// Over the trailing axes, whose shape is that of weight and bias (Ba et al. 2016).
PLUGRAD_PUBLIC Array layer_norm(const Array& x, const Array& weight, const Array& bias, double eps = 1e-5);
// Over each of `groups` parts of the channels: x [n, c, ...], weight and bias [c] (Wu and He 2018).
PLUGRAD_PUBLIC Array group_norm(const Array& x, int64_t groups, const Array& weight, const Array& bias,
                                double eps = 1e-5);
// x / sqrt(mean(x^2) + eps) weight over the trailing axes, whose shape is weight's (Zhang and Sennrich 2019).
PLUGRAD_PUBLIC Array rms_norm(const Array& x, const Array& weight, double eps = 1e-6);
// While training (TrainingMode), zeros with probability p, and the rest over (1 - p); else x.
PLUGRAD_PUBLIC Array dropout(const Array& x, double p = 0.5, Generator& g = default_generator());

// ---- cells of recurrent networks: one step, elementwise, after the products ----
struct LstmCellResult {
  Array h, c;
};
// gates [n, 4 hidden], in the order forget, input, output, change; c [n, hidden]:
// c' = c sigmoid(forget) + sigmoid(input) tanh(change), h' = sigmoid(output) tanh(c').
PLUGRAD_PUBLIC LstmCellResult lstm_cell(const Array& gates, const Array& c);
// gates of the input and of the hidden state [n, 3 hidden] each, in the order reset, update, change; h [n,
// hidden]: r = sigmoid(reset), z = sigmoid(update), c = tanh(change_x + r change_h), h' = (1 - z) c + z h.
PLUGRAD_PUBLIC Array gru_cell(const Array& x_gates, const Array& h_gates, const Array& h);

// ---- losses ----
enum class Reduction { mean, sum, none };
inline constexpr int64_t no_ignore_index = std::numeric_limits<int64_t>::min();
// Mean over n of -log softmax(logits)[label]; logits [n, classes], labels [n] integers. Rows whose label is
// ignore_index count for nothing; NaN where none is left.
PLUGRAD_PUBLIC Array cross_entropy(const Array& logits, const Array& labels,
                                   int64_t ignore_index = no_ignore_index);
// The same of log-probabilities: mean of -log_probs[label].
PLUGRAD_PUBLIC Array nll(const Array& log_probs, const Array& labels, int64_t ignore_index = no_ignore_index);
// -y log sigmoid(logits) - (1 - y) log(1 - sigmoid(logits)); broadcasting.
PLUGRAD_PUBLIC Array bce_with_logits(const Array& logits, const Array& y,
                                     Reduction reduction = Reduction::mean);
PLUGRAD_PUBLIC Array mse(const Array& x, const Array& y, Reduction reduction = Reduction::mean);  // (x - y)^2
// d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = x - y (Huber 1964); broadcasting.
PLUGRAD_PUBLIC Array huber(const Array& x, const Array& y, double delta = 1,
                           Reduction reduction = Reduction::mean);

// ---- operators ----
inline Array operator+(const Array& x, const Array& y) { return add(x, y); }
inline Array operator-(const Array& x, const Array& y) { return sub(x, y); }
inline Array operator*(const Array& x, const Array& y) { return mul(x, y); }
inline Array operator/(const Array& x, const Array& y) { return div(x, y); }
inline Array operator-(const Array& x) { return neg(x); }
inline Array operator%(const Array& x, const Array& y) { return remainder(x, y); }
inline Array operator<(const Array& x, const Array& y) { return less(x, y); }
inline Array operator<=(const Array& x, const Array& y) { return less_equal(x, y); }
inline Array operator>(const Array& x, const Array& y) { return greater(x, y); }
inline Array operator>=(const Array& x, const Array& y) { return greater_equal(x, y); }
inline Array operator&(const Array& x, const Array& y) { return logical_and(x, y); }
inline Array operator|(const Array& x, const Array& y) { return logical_or(x, y); }
inline Array operator^(const Array& x, const Array& y) { return logical_xor(x, y); }

// A scalar beside x: of x's dtype, but float32 for a fraction beside integers.
PLUGRAD_PUBLIC Array scalar_like(const Array& x, double value);
PLUGRAD_PUBLIC Array scalar_like(const Array& x, int64_t value);
template <class T>
  requires std::is_arithmetic_v<T>
Array scalar_like(const Array& x, T value) {
  if constexpr (std::is_integral_v<T>) return scalar_like(x, static_cast<int64_t>(value));
  else return scalar_like(x, static_cast<double>(value));
}

template <class T>
  requires std::is_arithmetic_v<T>
void assign(Array& x, std::initializer_list<Index> indices, T value) {
  assign(x, indices, x ? scalar_like(x, value) : Array());
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
PLUGRAD_WITH_NUMBERS_(operator%)
PLUGRAD_WITH_NUMBERS_(operator<)
PLUGRAD_WITH_NUMBERS_(operator<=)
PLUGRAD_WITH_NUMBERS_(operator>)
PLUGRAD_WITH_NUMBERS_(operator>=)
PLUGRAD_WITH_NUMBERS_(pow)
PLUGRAD_WITH_NUMBERS_(hypot)
PLUGRAD_WITH_NUMBERS_(atan2)
PLUGRAD_WITH_NUMBERS_(floor_divide)
PLUGRAD_WITH_NUMBERS_(remainder)
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

// mse, huber and bce_with_logits of elements x and y; their mean or sum over all n, or each.
//   huber: d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), d = x - y; dx = g max(-delta, min(d,
//   delta)), dy = -dx
//   mse: twice huber with an infinite delta
//   bce_with_logits: (1 - y) x + log(1 + e^-x); dx = g (sigmoid(x) - y), dy = -g x
// g is the gradient of the result, over n for the mean.
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/loss.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "plugrad/backends/cpu/softmax-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

enum Reduction : int64_t { Mean, Sum, None };  // as attribute 0 has them

// `scale` times huber's loss.
struct HuberLoss {
  double delta, scale;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y) const {
    using T = hn::TFromD<D>;
    const V bound = hn::Set(d, static_cast<T>(delta)), half = hn::Set(d, T{0.5});
    const V distance = hn::Abs(hn::Sub(x, y));
    const V inside = hn::Mul(half, hn::Mul(distance, distance));
    const V outside = hn::Mul(bound, hn::Sub(distance, hn::Mul(half, bound)));
    const V loss = hn::IfThenElse(hn::Le(distance, bound), inside, outside);
    return hn::Mul(hn::Set(d, static_cast<T>(scale)), loss);
  }
};
// `scale` times its slope in x, without and with a gradient for each element.
struct HuberSlope {
  double delta, scale;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y) const {
    using T = hn::TFromD<D>;
    const V bound = hn::Set(d, static_cast<T>(delta)), difference = hn::Sub(x, y);
    const auto beyond = hn::Ge(hn::Abs(difference), bound);  // not NaN
    const V slope = hn::IfThenElse(beyond, hn::CopySign(bound, difference), difference);
    return hn::Mul(hn::Set(d, static_cast<T>(scale)), slope);
  }
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y, V g) const {
    return hn::Mul((*this)(d, x, y), g);
  }
};

struct BceLoss {
  static constexpr bool heavy = true;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y) const {
    const V one = hn::Set(d, hn::TFromD<D>{1});
    const V negative_part = hn::Max(hn::Neg(x), hn::Zero(d));
    const V rest = hn::Log1p(d, math::exp(d, hn::Neg(hn::Abs(x))));
    return hn::Add(hn::Add(hn::Mul(hn::Sub(one, y), x), negative_part), rest);  // large terms cancel first
  }
};
struct BceSlope {
  static constexpr bool heavy = true;
  double scale;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y) const {
    return hn::Mul(hn::Set(d, static_cast<hn::TFromD<D>>(scale)), hn::Sub(math::sigmoid(d, x), y));
  }
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y, V g) const {
    return hn::Mul((*this)(d, x, y), g);
  }
};
struct ScaledProduct {
  double scale;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V g) const {
    return hn::Mul(hn::Set(d, static_cast<hn::TFromD<D>>(scale)), hn::Mul(x, g));
  }
};

// The sum of op over at most a few thousand elements.
template <class T, class Op>
HWY_NOINLINE double sum_of_block(const Op& op, const T* x, const T* y, int64_t n) {
  constexpr Full<T> d;
  constexpr int64_t step = lanes<T>;
  auto v0 = hn::Zero(d), v1 = v0;
  int64_t i = 0;
  for (; i + 2 * step <= n; i += 2 * step) {
    v0 = hn::Add(v0, op(d, hn::LoadU(d, x + i), hn::LoadU(d, y + i)));
    v1 = hn::Add(v1, op(d, hn::LoadU(d, x + i + step), hn::LoadU(d, y + i + step)));
  }
  for (; i < n; i += step) {
    const int64_t count = std::min(step, n - i);
    v0 = hn::Add(v0, keep_first(d, op(d, load_up_to(d, x + i, count), load_up_to(d, y + i, count)), count));
  }
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(v0, v1))));
}

// The sum of op over all, in blocks: any number of threads gives the same bits.
template <class T, class Op>
double sum_of(const Call& c, const Op& op) {
  constexpr int64_t block = 2048, grain = is_heavy<Op> ? heavy_grain : light_grain;
  const int64_t n = size(c.in(0)), blocks = (n + block - 1) / block;
  const T *x = compact<T>(c, c.in(0)), *y = compact<T>(c, c.in(1));
  auto* sums = c.workspace<double>(blocks);
  parallel_for(c.threads(), blocks, grain / block, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b)
      sums[b] = sum_of_block(op, x + b * block, y + b * block, std::min(block, n - b * block));
  });
  double total = 0;
  for (int64_t b = 0; b < blocks; ++b) total += sums[b];
  return total;
}

template <class Op>
void forward(const Call& c, const Op& op) {
  const DLTensor& out = c.out();
  if (c.integer(0) == None) return map_floating(c, op, out, c.in(0), c.in(1));
  plugin::with_floating(out.dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const double n = c.integer(0) == Mean ? static_cast<double>(size(c.in(0))) : 1;
    *data<T>(out) = static_cast<T>(sum_of<T>(c, op) / n);
  });
}

// dout, if it is one number for all elements: over their number where it is that of a mean.
double common_gradient(const Call& c, const DLTensor& din) {
  const double n = c.integer(0) == Mean ? static_cast<double>(size(din)) : 1;
  const DLTensor& g = c.dout();
  return (g.dtype.bits == 32 ? static_cast<double>(*data<float>(g)) : *data<double>(g)) / n;
}

// The gradient in input i, whose slope is slope.scale times a function of x and y.
template <class Slope>
void gradient_in(const Call& c, int i, Slope slope) {
  if (!c.wants(i) || size(c.din(i)) == 0) return;
  if (c.integer(0) == None) return map_floating(c, slope, c.din(i), c.in(0), c.in(1), c.dout());
  slope.scale *= common_gradient(c, c.din(i));
  map_floating(c, slope, c.din(i), c.in(0), c.in(1));
}

constexpr double unbounded = std::numeric_limits<double>::infinity();

void mse(const Call& c) { forward(c, HuberLoss{unbounded, 2}); }
void mse_gradient(const Call& c) {
  gradient_in(c, 0, HuberSlope{unbounded, 2});
  gradient_in(c, 1, HuberSlope{unbounded, -2});
}
void huber(const Call& c) { forward(c, HuberLoss{c.real(1), 1}); }
void huber_gradient(const Call& c) {
  gradient_in(c, 0, HuberSlope{c.real(1), 1});
  gradient_in(c, 1, HuberSlope{c.real(1), -1});
}
void bce_with_logits(const Call& c) { forward(c, BceLoss{}); }
void bce_with_logits_gradient(const Call& c) {
  gradient_in(c, 0, BceSlope{1});
  if (!c.wants(1) || size(c.din(1)) == 0) return;
  const double n = c.integer(0) == Mean ? static_cast<double>(size(c.din(1))) : 1;
  map_floating(c, ScaledProduct{-1 / n}, c.din(1), c.in(0), c.dout());
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(mse);
PLUGRAD_CPU_KERNELS(huber);
PLUGRAD_CPU_KERNELS(bce_with_logits);
}  // namespace plugrad::cpu
#endif

// Elementwise loops, compiled once per instruction set: `map` applies a function of Highway vectors,
// `PlainMap` one of single values, to operands of any strides. A kernel file is to begin so:
//
//   #include "plugrad/backends/cpu/targets.h"
//   #undef HWY_TARGET_INCLUDE
//   #define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/<this file>"
//   #include "hwy/foreach_target.h"  // must come before highway.h
//   #include "plugrad/backends/cpu/vector_loops-inl.h"
//
// and defines its kernels, `void f(const Call&)`, in an unnamed namespace of plugrad::cpu::HWY_NAMESPACE,
// between HWY_BEFORE_NAMESPACE() and HWY_AFTER_NAMESPACE(). Under `#if HWY_ONCE` it hands them over with
// these macros.
#ifndef PLUGRAD_BACKENDS_CPU_DISPATCH_
#define PLUGRAD_BACKENDS_CPU_DISPATCH_

#include <tuple>
#include <type_traits>
#include <utility>

#include "plugrad/backends/cpu/blocks.h"

namespace plugrad::cpu {

// How a dtype is read from memory: a byte that is to be a bool need not be 0 or 1.
template <class T>
using Stored = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;

[[noreturn, gnu::cold, gnu::noinline]] inline void unsupported_dtype() {
  throw plugin::Failure(PLUGRAD_BAD_DTYPE, "this backend has no kernel for the dtype");
}
}  // namespace plugrad::cpu

// Defines plugrad::cpu::f, which calls the best version of the kernel f that the processor can run.
#define PLUGRAD_CPU_DISPATCH_(f) \
  HWY_EXPORT(f);                 \
  static void f(const plugrad::plugin::Call& c) { HWY_DYNAMIC_DISPATCH(f)(c); }

// Offers the kernels `op` and `op_gradient` for the op of that name.
#define PLUGRAD_CPU_KERNELS(op)        \
  PLUGRAD_CPU_DISPATCH_(op)            \
  PLUGRAD_CPU_DISPATCH_(op##_gradient) \
  PLUGRAD_KERNELS(op, op, op##_gradient)
// For an op without a gradient kernel.
#define PLUGRAD_CPU_FORWARD(op) \
  PLUGRAD_CPU_DISPATCH_(op)     \
  PLUGRAD_FORWARD(op, op)

#endif

#if defined(PLUGRAD_BACKENDS_CPU_VECTOR_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BACKENDS_CPU_VECTOR_LOOPS_INL_H_
#undef PLUGRAD_BACKENDS_CPU_VECTOR_LOOPS_INL_H_
#else
#define PLUGRAD_BACKENDS_CPU_VECTOR_LOOPS_INL_H_
#endif

#include "plugrad/backends/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// An operand of a loop over contiguous memory: an array, or one value for all.
template <class T>
struct Values {
  const T* p;
  HWY_INLINE Values from(int64_t i) const { return {p + i}; }
  HWY_INLINE T operator[](int64_t i) const { return p[i]; }
  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, int64_t i) const {
    return hn::LoadU(d, p + i);
  }
  template <class D>
  HWY_INLINE hn::Vec<D> load_partly(D d, int64_t n) const {
    return load_first(d, p, n);
  }
};
template <class T>
struct OneValue {
  T value;
  HWY_INLINE OneValue from(int64_t) const { return *this; }
  HWY_INLINE T operator[](int64_t) const { return value; }
  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, int64_t) const {
    return hn::Set(d, value);
  }
  template <class D>
  HWY_INLINE hn::Vec<D> load_partly(D d, int64_t) const {
    return hn::Set(d, value);
  }
};

// An op that says `static constexpr bool heavy = true` is worth more threads, and is not unrolled: its own
// arithmetic fills the pipeline.
template <class Op>
constexpr bool is_heavy = requires { Op::heavy; };

// out[i] = op(d, in[i]...), `op` working on vectors. `out` may be one of the inputs, but not overlap it
// otherwise.
struct VectorLoop {
  template <class T, class Op, class... In>
  static HWY_NOINLINE void run(const Op& op_, T* out, int64_t n, const In... in) {
    constexpr Full<T> d;
    constexpr int64_t step = lanes<T>;
    const Op op = op_;  // a copy, which stores to `out` can't change
    if (n < step) {
      if (n > 0) store_first(op(d, in.load_partly(d, n)...), d, out, n);
      return;
    }
    // What is left over at the end is done by a vector that ends there. It is loaded before the loop, which
    // may overwrite part of it.
    const bool ragged = n % step != 0;
    auto last = hn::Zero(d);
    if (ragged) last = op(d, in.load(d, n - step)...);
    int64_t i = 0;
    if constexpr (!is_heavy<Op>)
      for (; i + 4 * step <= n; i += 4 * step) {
        const auto v0 = op(d, in.load(d, i)...), v1 = op(d, in.load(d, i + step)...);
        const auto v2 = op(d, in.load(d, i + 2 * step)...), v3 = op(d, in.load(d, i + 3 * step)...);
        hn::StoreU(v0, d, out + i);
        hn::StoreU(v1, d, out + i + step);
        hn::StoreU(v2, d, out + i + 2 * step);
        hn::StoreU(v3, d, out + i + 3 * step);
      }
    for (; i + step <= n; i += step) hn::StoreU(op(d, in.load(d, i)...), d, out + i);
    if (ragged) hn::StoreU(last, d, out + n - step);
  }
};

// out[i] = op(in[i]...), `op` working on single values: the compiler finds vectors or does not. No overlap.
struct PlainLoop {
  template <class Out, class Op, class... In>
  static HWY_NOINLINE void run(const Op& op_, Out* out, int64_t n, const In... in) {
    const Op op = op_;
    if constexpr (is_heavy<Op>) {
      for (int64_t i = 0; i < n; ++i) out[i] = op(in[i]...);
    } else {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) out[i] = op(in[i]...);
    }
  }
};

struct Identity {
  template <class T>
  HWY_INLINE T operator()(T x) const {
    return x;
  }
};

// out = op(in...), the inputs broadcast to the shape of `out`, for one kind of loop and one type per operand.
template <class Loop, class Out, class... T>
class Map {
 public:
  template <class Op, class... Tensors>
  static HWY_NOINLINE void run(const Call& c, const Op& op, const DLTensor& out, const Tensors&... in) {
    if ((same_layout(in, out) && ...)) return contiguous(c, op, out, Values<T>{data<const T>(in)}...);
    if constexpr (takes_repeated)
      if (one_repeated(c, op, out, in...)) return;
    strided(c, op, out, {&in...}, {block_input<T>(in)...});
  }

 private:
  static constexpr size_t n_in = sizeof...(T);
  using First = std::tuple_element_t<0, std::tuple<T...>>;
  // Loops for one value and an array exist for floating operands only: integers are broadcast too rarely.
  static constexpr bool takes_repeated =
      n_in == 2 && std::is_floating_point_v<First> && (std::is_same_v<T, First> && ...);
  template <class Op>
  static constexpr int64_t grain = is_heavy<Op> ? heavy_grain : light_grain;

  template <class Op, class... In>
  static HWY_INLINE void contiguous(const Call& c, const Op& op, const DLTensor& out, const In... in) {
    parallel_for(c.threads(), size(out), grain<Op>, [&](int64_t begin, int64_t end) HWY_ATTR {
      Loop::run(op, data<Out>(out) + begin, end - begin, in.from(begin)...);
    });
  }

  template <class Op>
  static HWY_INLINE bool one_repeated(const Call& c, const Op& op, const DLTensor& out, const DLTensor& x,
                                      const DLTensor& y) {
    if (size(out) == 0) return true;
    const First *px = data<const First>(x), *py = data<const First>(y);
    if (same_layout(x, out) && one_value(y)) contiguous(c, op, out, Values<First>{px}, OneValue<First>{*py});
    else if (same_layout(y, out) && one_value(x))
      contiguous(c, op, out, OneValue<First>{*px}, Values<First>{py});
    else return false;
    return true;
  }

  template <class Op>
  static HWY_NOINLINE void strided(const Call& c, const Op& op, const DLTensor& out,
                                   const DLTensor* const (&in)[n_in], const BlockInput (&inputs)[n_in]) {
    const Walk<n_in> walk = walk_over(out, in);
    BlockLoop<n_in>(walk, inputs, data<char>(out), sizeof(Out), &op, {&run_block<Op>, takes_repeated})
        .run(c.threads(), grain<Op>);
  }
  template <class Op>
  static void run_block(const void* op_, void* out_, const void* const* in, unsigned repeated, int64_t n) {
    const Op& op = *static_cast<const Op*>(op_);
    Out* out = static_cast<Out*>(out_);
    if constexpr (takes_repeated) {
      const First *x = static_cast<const First*>(in[0]), *y = static_cast<const First*>(in[1]);
      if (repeated == 1) return Loop::run(op, out, n, OneValue<First>{*x}, Values<First>{y});
      if (repeated == 2) return Loop::run(op, out, n, Values<First>{x}, OneValue<First>{*y});
    }
    run_values(op, out, in, n, std::make_index_sequence<n_in>{});
  }
  template <class Op, size_t... K>
  static HWY_INLINE void run_values(const Op& op, Out* out, const void* const* in, int64_t n,
                                    std::index_sequence<K...>) {
    Loop::run(op, out, n, Values<T>{static_cast<const T*>(in[K])}...);
  }
};

// A function of vectors, op(d, x, ...), on inputs and output of one type.
template <class T, class Op, class... Tensors>
HWY_INLINE void map(const Call& c, const Op& op, const DLTensor& out, const Tensors&... in) {
  Map<VectorLoop, T, std::conditional_t<true, T, Tensors>...>::run(c, op, out, in...);
}
// The same by the dtype of `out`. Written out, since a closure for plugin::with_number costs more than a
// small loop: what has just been stored into it is loaded back in other units.
template <class Op, class... Tensors>
HWY_INLINE void map_floating(const Call& c, const Op& op, const DLTensor& out, const Tensors&... in) {
  if (plugin::is(out.dtype, kDLFloat, 32)) return map<float>(c, op, out, in...);
  if (plugin::is(out.dtype, kDLFloat, 64)) return map<double>(c, op, out, in...);
  unsupported_dtype();
}
template <class Op, class... Tensors>
HWY_INLINE void map_numbers(const Call& c, const Op& op, const DLTensor& out, const Tensors&... in) {
  if (out.dtype.code == kDLFloat) return map_floating(c, op, out, in...);
  if (plugin::is(out.dtype, kDLInt, 32)) return map<int32_t>(c, op, out, in...);
  if (plugin::is(out.dtype, kDLInt, 64)) return map<int64_t>(c, op, out, in...);
  unsupported_dtype();
}

// A function of single values, op(T...) -> Out.
template <class Out, class... T>
using PlainMap = Map<PlainLoop, Out, T...>;

// out[i] = value.
template <class T>
HWY_INLINE void fill(int threads, T* out, int64_t n, T value) {
  parallel_for(threads, n, light_grain, [&](int64_t begin, int64_t end) HWY_ATTR {
    PlainLoop::run(Identity{}, out + begin, end - begin, OneValue<T>{value});
  });
}

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

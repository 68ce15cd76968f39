// A Reducer that walks over its elements twice: block by block, so that they are in the cache the second
// time. Compiled once per instruction set.
#if defined(PLUGRAD_BACKENDS_CPU_BLOCK_REDUCER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGRAD_BACKENDS_CPU_BLOCK_REDUCER_INL_H_
#undef PLUGRAD_BACKENDS_CPU_BLOCK_REDUCER_INL_H_
#else
#define PLUGRAD_BACKENDS_CPU_BLOCK_REDUCER_INL_H_
#endif

#include "plugrad/backends/cpu/reduction.h"
#include "plugrad/backends/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A block of n vectors, `stride` elements apart; `count` elements of each are in use, and the others are 0.
template <class T>
struct Block {
  const T* x;
  int64_t n, stride, count;
  HWY_INLINE Vector<T> operator[](int64_t i) const {
    const Full<T> d;
    return count == lanes<T> ? hn::LoadU(d, x + i * stride) : load_first(d, x + i * stride, count);
  }
  // `v`, and `other` in the lanes that are not in use.
  HWY_INLINE Vector<T> used(Vector<T> v, T other) const {
    const Full<T> d;
    return hn::IfThenElse(hn::FirstN(d, static_cast<size_t>(count)), v, hn::Set(d, other));
  }
};

// A kind says
//   In, Out
//   Accumulator               with a default value for no elements, and void merge(const Accumulator&)
//   Found of<row>(block)      what it finds in the elements of each lane, or, for a row, in all: in lane 0
//   Accumulator at(found, lane, n)      what was found there, in n elements
//   Out result(acc, repeats)            where each element that was taken stands for `repeats`
template <class Kind>
class BlockReducer final : public Reducer {
  using In = typename Kind::In;
  using Accumulator = typename Kind::Accumulator;

 public:
  explicit BlockReducer(const Kind& kind) : Reducer(sizeof(In), sizeof(Accumulator)), kind_(kind) {
    static_assert(sizeof(Accumulator) <= most_accumulator_bytes);
  }

  void start(void* acc, int64_t n) const override {
    std::fill_n(static_cast<Accumulator*>(acc), n, Accumulator());
  }
  void add_rows(const void* x_, int64_t n, int64_t stride, int64_t rows, void* acc_) const override {
    constexpr int64_t step = lanes<In>;
    auto* acc = static_cast<Accumulator*>(acc_);
    for (int64_t i = 0; i < rows; ++i) {
      const In* x = static_cast<const In*>(x_) + i * stride;
      int64_t j = 0;
      for (int64_t vectors; n - j >= step; j += vectors * step) {
        vectors = std::min(block_vectors, (n - j) / step);
        take_row({x + j, vectors, step, step}, acc[i]);
      }
      if (j < n) take_row({x + j, 1, step, n - j}, acc[i]);
    }
  }
  void add_columns(const void* x_, int64_t n, int64_t stride, int64_t rows, void* acc_) const override {
    constexpr int64_t step = lanes<In>;
    auto* acc = static_cast<Accumulator*>(acc_);
    for (int64_t i = 0; i < rows; i += block_vectors) {
      const In* x = static_cast<const In*>(x_) + i * stride;
      for (int64_t j = 0; j < n; j += step)
        take_columns({x + j, std::min(block_vectors, rows - i), stride, std::min(step, n - j)}, acc + j);
    }
  }
  void merge(const void* from, void* acc, int64_t n) const override {
    for (int64_t i = 0; i < n; ++i)
      static_cast<Accumulator*>(acc)[i].merge(static_cast<const Accumulator*>(from)[i]);
  }
  void finish(const void* acc, int64_t n, int64_t repeats, void* out, int64_t first,
              int64_t stride) const override {
    for (int64_t i = 0; i < n; ++i)
      static_cast<typename Kind::Out*>(out)[first + i * stride] =
          kind_.result(static_cast<const Accumulator*>(acc)[i], static_cast<double>(repeats));
  }
  void pack(void* to, const void* from, int64_t stride, int64_t n) const override {
    pack_run(static_cast<In*>(to), static_cast<const In*>(from), stride, n);
  }

 private:
  static constexpr int64_t block_vectors = 128;

  HWY_NOINLINE static void take_row(const Block<In>& block, Accumulator& acc) {
    acc.merge(Kind::at(Kind::template of<true>(block), 0, block.n * block.count));
  }
  HWY_NOINLINE static void take_columns(const Block<In>& block, Accumulator* acc) {
    const auto found = Kind::template of<false>(block);
    for (int64_t k = 0; k < block.count; ++k) acc[k].merge(Kind::at(found, k, block.n));
  }

  Kind kind_;
};

}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

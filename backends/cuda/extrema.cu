#include "plugrad/backends/cuda/extrema.h"

#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cuda/reduction.cuh"
#include "plugrad/backends/cuda/sums.h"

namespace plugrad::cuda {
namespace {

// Elements as integers of their size, larger for what is wanted rather: so that kernels for integers serve
// floats, minima and magnitudes as well. NaN has the largest one.
//
// The bits of floats that are not negative have their order, and those of negative ones the opposite order.
template <class Bits>
struct Keys {
  bool floating, smallest, of_magnitudes;
  static constexpr Bits largest = std::numeric_limits<Bits>::max(), sign = std::numeric_limits<Bits>::min();
  static constexpr Bits infinity =
      static_cast<Bits>(sizeof(Bits) == 4 ? int64_t{0xff} << 23 : int64_t{0x7ff} << 52);

  __device__ Bits key(Bits bits) const {
    if (of_magnitudes) bits &= largest;
    if (floating && (bits & largest) > infinity) return largest;
    const Bits ordered = floating && bits < 0 ? bits ^ largest : bits;
    return smallest ? ~ordered : ordered;
  }
  // The same for zeros of both signs.
  __device__ Bits key_of_value(Bits bits) const { return key(floating && bits == sign ? Bits{0} : bits); }
  // The element that has a key, or its magnitude.
  __device__ Bits element(Bits key) const {
    if (floating && key == largest) return largest;  // a NaN
    const Bits ordered = smallest ? ~key : key;
    return floating && ordered < 0 ? ordered ^ largest : ordered;
  }
  // An element that is wanted less than any other.
  __device__ Bits neutral() const {
    if (smallest) return floating ? infinity : largest;
    if (of_magnitudes) return 0;
    return floating ? infinity | sign : sign;
  }
};

template <class Bits>
struct Extremum {
  using In = Bits;
  using Acc = Bits;
  using Out = Bits;
  Keys<Bits> keys;

  __device__ Acc start() const { return Keys<Bits>::sign; }
  __device__ In neutral() const { return keys.neutral(); }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    for (const In& value : x) acc = max(acc, keys.key(value));
  }
  __device__ Acc operator()(Acc a, Acc b) const { return max(a, b); }
  __device__ Out finish(Acc acc) const { return keys.element(acc); }
};

template <class Bits>
struct FirstExtremum {
  using In = Bits;
  struct Acc {
    Bits key;
    int64_t index;
  };
  using Out = int64_t;
  Keys<Bits> keys;

  __device__ Acc start() const { return {Keys<Bits>::sign, INT64_MAX}; }
  __device__ In neutral() const { return keys.neutral(); }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions positions) const {
    for (int i = 0; i < at_once<In>; ++i) acc = (*this)(acc, Acc{keys.key_of_value(x[i]), positions[i]});
  }
  __device__ Acc operator()(Acc a, Acc b) const {
    return b.key > a.key || (b.key == a.key && b.index < a.index) ? b : a;
  }
  __device__ Out finish(Acc acc) const { return acc.index; }
};

template <template <class> class Reducer>
void reduce_keys(const Call& c, const DLTensor& x, const bool* reduced, const DLTensor& out, bool smallest,
                 bool of_magnitudes) {
  with_number(x.dtype, [&]<class T>(Type<T>) {
    using Bits = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
    const Keys<Bits> keys{std::is_floating_point_v<T>, smallest, of_magnitudes};
    reduce(c, Reducer<Bits>{keys}, x, reduced, plugin::data<typename Reducer<Bits>::Out>(out));
  });
}

struct Quotient {
  template <class T>
  __device__ T operator()(T x, T y) const {
    return x / y;
  }
};
struct WhereHit {
  template <class T>
  __device__ T operator()(T hit, T share) const {
    return hit == T{0} ? T{0} : share;
  }
};

}  // namespace

void extremum_over(const Call& c, const DLTensor& x, const bool* reduced, const DLTensor& out, bool smallest,
                   bool of_magnitudes) {
  reduce_keys<Extremum>(c, x, reduced, out, smallest, of_magnitudes);
}

void first_extremum_along(const Call& c, const DLTensor& x, const bool* reduced, const DLTensor& out,
                          bool smallest) {
  reduce_keys<FirstExtremum>(c, x, reduced, out, smallest, false);
}

void share_among_hits(const Call& c, const bool (&reduced)[PLUGRAD_MAX_NDIM]) {
  const DLTensor &dx = c.din(0), &y = c.out();
  int64_t strides[PLUGRAD_MAX_NDIM];
  DLTensor share = y;
  share.data = c.workspace<double>(plugin::size(y));  // also enough for float32
  share.byte_offset = 0;
  sum_over(c, dx, reduced, share);
  map_floating(c, Quotient{}, share, c.dout(), share);
  map_floating(c, WhereHit{}, dx, dx, common::repeated_along(share, dx, reduced, strides));
}

}  // namespace plugrad::cuda

// Comparisons and the choice by a condition, element by element, with broadcasting.
//
//   equal, not_equal, less, less_equal, greater, greater_equal   (locally constant)
//   where   z = x where c, else y    dx = dz where c, else 0; dy = 0 where c, else dz
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

// How two numbers can lie to each other; one bit each.
enum Order : uint32_t { is_less = 1, is_equal = 2, is_greater = 4, is_unordered = 8 };

// A comparison is the set of orders that it holds for. One kernel serves all six: it waits for memory, not
// for this.
struct Compare {
  uint32_t accepted;
  template <class T>
  __device__ bool operator()(T x, T y) const {
    const uint32_t order = x < y ? is_less : x == y ? is_equal : x > y ? is_greater : is_unordered;
    return (accepted & order) != 0;
  }
};

struct Where {
  template <class T>
  __device__ T operator()(bool condition, T x, T y) const {
    return condition ? x : y;
  }
};
struct WhereGradient {
  bool chosen;  // is it x's gradient, or y's?
  template <class T>
  __device__ T operator()(bool condition, T dz) const {
    return condition == chosen ? dz : T{0};
  }
};

template <uint32_t accepted>
void compare(const Call& c) {
  with_any(c.in(0).dtype,
           [&]<class T>(Type<T>) { map<bool, T, T>(c, Compare{accepted}, c.out(), c.in(0), c.in(1)); });
}

void where(const Call& c) {
  with_bits(c.out().dtype,
            [&]<class T>(Type<T>) { map<T, bool, T, T>(c, Where{}, c.out(), c.in(0), c.in(1), c.in(2)); });
}
// Zero is zero bits in every dtype.
void where_gradient(const Call& c) {
  with_bits(c.dout().dtype, [&]<class T>(Type<T>) {
    if (c.wants(1)) map<T, bool, T>(c, WhereGradient{true}, c.din(1), c.in(0), c.dout());
    if (c.wants(2)) map<T, bool, T>(c, WhereGradient{false}, c.din(2), c.in(0), c.dout());
  });
}

PLUGRAD_FORWARD(equal, compare<is_equal>);
PLUGRAD_FORWARD(not_equal, compare<is_less | is_greater | is_unordered>);
PLUGRAD_FORWARD(less, compare<is_less>);
PLUGRAD_FORWARD(less_equal, compare<is_less | is_equal>);
PLUGRAD_FORWARD(greater, compare<is_greater>);
PLUGRAD_FORWARD(greater_equal, compare<is_greater | is_equal>);
PLUGRAD_KERNELS(where, where, where_gradient);

}  // namespace
}  // namespace plugrad::cuda

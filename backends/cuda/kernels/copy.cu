// Elements as they are, or as another dtype.
//
//   copy   y = x                (gradient: a composition)
//   cast   y = x as a dtype     (gradient: a composition)
//   full   y = value            (locally constant)
#include <bit>
#include <cstdint>
#include <type_traits>

#include "plugrad/backends/cuda/elementwise.cuh"
#include "plugrad/backends/cuda/strided_copy.h"

namespace plugrad::cuda {
namespace {

// Floats are truncated toward zero; those that no integer of the type stands for, and NaN, become the least
// one, as on other backends: this processor's conversions would give the nearest one, and 0.
template <class To, class From>
__host__ __device__ To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    constexpr To least = static_cast<To>(sizeof(To) == 4 ? INT32_MIN : INT64_MIN);
    return x >= static_cast<From>(least) && x < -static_cast<From>(least) ? static_cast<To>(x) : least;
  } else {
    return static_cast<To>(x);
  }
}
template <class To>
struct Cast {
  template <class From>
  __device__ To operator()(From x) const {
    return convert<To>(x);
  }
};
template <class T>
struct Constant {
  T value;
  __device__ T operator()() const { return value; }
};

void copy(const Call& c) { copy_elements(c, c.out(), c.in(0)); }

void cast(const Call& c) {
  if (plugin::is(c.in(0).dtype, c.out().dtype.code, c.out().dtype.bits)) return copy(c);
  with_any(c.in(0).dtype, [&]<class From>(Type<From>) {
    with_any(c.out().dtype, [&]<class To>(Type<To>) {
      if constexpr (!std::is_same_v<From, To>) map<To, From>(c, Cast<To>{}, c.out(), c.in(0));
    });
  });
}

void full(const Call& c) {
  const DLTensor& y = c.out();
  with_any(y.dtype, [&]<class T>(Type<T>) {
    with_bits(y.dtype, [&]<class Bits>(Type<Bits>) {
      if constexpr (sizeof(Bits) == sizeof(T))
        map<Bits>(c, Constant<Bits>{std::bit_cast<Bits>(convert<T>(c.real(1)))}, y);
    });
  });
}

PLUGRAD_FORWARD(copy, copy);
PLUGRAD_FORWARD(cast, cast);
PLUGRAD_FORWARD(full, full);

}  // namespace
}  // namespace plugrad::cuda

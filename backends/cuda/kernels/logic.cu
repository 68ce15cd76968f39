// Logic, element by element, with broadcasting; what is not 0 is true, NaN too.
//
//   logical_and, logical_or, logical_xor, logical_not
//   isnan, isinf, isfinite                                (all locally constant)
#include <limits>
#include <type_traits>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

// A connective that takes no notice of its operands' order is two bits, so that one kernel serves all three.
struct Connective {
  bool of_one, of_both;  // where one operand is true, where both are
  template <class T>
  __device__ bool operator()(T x, T y) const {
    const bool a = x != T{0}, b = y != T{0};
    return a && b ? of_both : (a || b) && of_one;
  }
};
struct Not {
  template <class T>
  __device__ bool operator()(T x) const {
    return x == T{0};
  }
};

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
// Whether a number is of the kinds accepted.
struct Kind {
  bool nan, infinite, finite;
  template <class T>
  __device__ bool operator()(T x) const {
    if (x != x) return nan;
    return ::fabs(x) < infinity<T> ? finite : infinite;
  }
};

struct Constant {
  bool value;
  __device__ bool operator()() const { return value; }
};

void connect(const Call& c, Connective connective) {
  with_any(c.in(0).dtype,
           [&]<class T>(Type<T>) { map<bool, T, T>(c, connective, c.out(), c.in(0), c.in(1)); });
}
void logical_and(const Call& c) { connect(c, {.of_one = false, .of_both = true}); }
void logical_or(const Call& c) { connect(c, {.of_one = true, .of_both = true}); }
void logical_xor(const Call& c) { connect(c, {.of_one = true, .of_both = false}); }
void logical_not(const Call& c) {
  with_any(c.in(0).dtype, [&]<class T>(Type<T>) { map<bool, T>(c, Not{}, c.out(), c.in(0)); });
}

void classify(const Call& c, Kind kind) {
  with_any(c.in(0).dtype, [&]<class T>(Type<T>) {
    if constexpr (std::is_floating_point_v<T>) map<bool, T>(c, kind, c.out(), c.in(0));
    else map<bool>(c, Constant{kind.finite}, c.out());
  });
}
void isnan(const Call& c) { classify(c, {.nan = true, .infinite = false, .finite = false}); }
void isinf(const Call& c) { classify(c, {.nan = false, .infinite = true, .finite = false}); }
void isfinite(const Call& c) { classify(c, {.nan = false, .infinite = false, .finite = true}); }

PLUGRAD_FORWARD(logical_and, logical_and);
PLUGRAD_FORWARD(logical_or, logical_or);
PLUGRAD_FORWARD(logical_xor, logical_xor);
PLUGRAD_FORWARD(logical_not, logical_not);
PLUGRAD_FORWARD(isnan, isnan);
PLUGRAD_FORWARD(isinf, isinf);
PLUGRAD_FORWARD(isfinite, isfinite);

}  // namespace
}  // namespace plugrad::cuda

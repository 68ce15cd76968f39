// Logic, element by element, with broadcasting; what is not 0 is true, NaN too.
//
//   logical_and, logical_or, logical_xor, logical_not
//   isnan, isinf, isfinite                                (all locally constant)
#include <cmath>
#include <functional>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

template <class Connective>
void connect(const Call& c) {
  with_any(c.in(0).dtype, [&]<class T>(Type<T>) {
    map<bool, T, T>(c.out(), {c.in(0), c.in(1)}, [](T x, T y) { return Connective{}(x != 0, y != 0); });
  });
}

void logical_not(const Call& c) {
  with_any(c.in(0).dtype,
           [&]<class T>(Type<T>) { map<bool, T>(c.out(), {c.in(0)}, [](T x) { return x == 0; }); });
}

// Integers and bool are all finite as doubles.
template <class F>
void classify(const Call& c, F f) {
  with_any(c.in(0).dtype, [&]<class T>(Type<T>) {
    map<bool, T>(c.out(), {c.in(0)}, [f](T x) { return f(static_cast<double>(x)); });
  });
}
void isnan(const Call& c) {
  classify(c, [](double x) { return std::isnan(x); });
}
void isinf(const Call& c) {
  classify(c, [](double x) { return std::isinf(x); });
}
void isfinite(const Call& c) {
  classify(c, [](double x) { return std::isfinite(x); });
}

PLUGRAD_FORWARD(logical_and, connect<std::logical_and<>>);
PLUGRAD_FORWARD(logical_or, connect<std::logical_or<>>);
PLUGRAD_FORWARD(logical_xor, connect<std::not_equal_to<>>);
PLUGRAD_FORWARD(logical_not, logical_not);
PLUGRAD_FORWARD(isnan, isnan);
PLUGRAD_FORWARD(isinf, isinf);
PLUGRAD_FORWARD(isfinite, isfinite);

}  // namespace
}  // namespace plugrad::reference

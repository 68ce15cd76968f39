// Arithmetic, element by element, with broadcasting. Gradients come in the output's shape.
//
//   add          z = x + y         dx = dz, dy = dz         (no kernel)
//   sub          z = x - y         dx = dz, dy = -dz        (no kernel)
//   mul          z = x y           dx = dz y, dy = dz x
//   div          z = x / y         dx = dz / y, dy = -dz z / y
//   maximum      z = max(x, y)     dz goes to the larger one; half of it to each where they are equal
//   minimum      z = min(x, y)     dz goes to the smaller one; likewise
//   pow          z = x^y           dx = dz y x^(y-1), 0 where y = 0
//                                  dy = dz z log(x), 0 where x = 0 and y >= 0
//   axpy         y = y + alpha x   (in place, no gradient)
//   neg          y = -x            dx = -dy                 (no kernel)
//   abs          y = |x|           dx = dy sign(x)
//   square       y = x^2           dx = 2 x dy
//   reciprocal   y = 1 / x         dx = -dy y^2
//   sign         y = -1, 0, 1      (locally constant)
#include <cmath>

#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

void add(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    using M = Modular<T>;
    map<T, T, T>(c.out(), {c.in(0), c.in(1)}, [](T x, T y) { return M(x) + M(y); });
  });
}

void sub(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    using M = Modular<T>;
    map<T, T, T>(c.out(), {c.in(0), c.in(1)}, [](T x, T y) { return M(x) - M(y); });
  });
}

void mul(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    using M = Modular<T>;
    map<T, T, T>(c.out(), {c.in(0), c.in(1)}, [](T x, T y) { return M(x) * M(y); });
  });
}

void mul_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    for (int i : {0, 1})
      if (c.wants(i))
        map<T, T, T>(c.din(i), {c.dout(), c.in(1 - i)}, [](double dz, double other) { return dz * other; });
  });
}

void div(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.out(), {c.in(0), c.in(1)}, [](double x, double y) { return x / y; });
  });
}

void div_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    if (c.wants(0)) map<T, T, T>(c.din(0), {c.dout(), c.in(1)}, [](double dz, double y) { return dz / y; });
    if (c.wants(1))
      map<T, T, T, T>(c.din(1), {c.dout(), c.out(), c.in(1)},
                      [](double dz, double z, double y) { return -dz * z / y; });
  });
}

struct Larger {
  template <class T>
  bool operator()(T x, T y) const {
    return exceeds(x, y);
  }
};
struct Smaller {  // NaN counts as the smallest here
  template <class T>
  bool operator()(T x, T y) const {
    return y == y && !(x >= y);
  }
};

template <class Wins>
void extremum(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.out(), {c.in(0), c.in(1)}, [](T x, T y) { return Wins{}(x, y) ? x : y; });
  });
}

template <class Wins>
void extremum_gradient(const Call& c) {
  const auto share = [](double dz, double x, double y) {
    if (Wins{}(x, y)) return dz;
    return Wins{}(y, x) ? 0 : dz / 2;
  };
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    for (int i : {0, 1})
      if (c.wants(i)) map<T, T, T, T>(c.din(i), {c.dout(), c.in(i), c.in(1 - i)}, share);
  });
}

void pow(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.out(), {c.in(0), c.in(1)}, [](double x, double y) { return std::pow(x, y); });
  });
}

void pow_gradient(const Call& c) {
  const auto dx = [](double dz, double x, double y) { return y == 0 ? 0 : dz * y * std::pow(x, y - 1); };
  const auto dy = [](double dz, double x, double y, double z) {
    return x == 0 && y >= 0 ? 0 : dz * z * std::log(x);
  };
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    if (c.wants(0)) map<T, T, T, T>(c.din(0), {c.dout(), c.in(0), c.in(1)}, dx);
    if (c.wants(1)) map<T, T, T, T, T>(c.din(1), {c.dout(), c.in(0), c.in(1), c.out()}, dy);
  });
}

void axpy(const Call& c) {
  const double alpha = c.real(0);
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.out(), {c.in(0), c.in(1)}, [alpha](double y, double x) { return y + alpha * x; });
  });
}

void neg(const Call& c) {
  with_number(c.out().dtype,
              [&]<class T>(Type<T>) { map<T, T>(c.out(), {c.in(0)}, [](T x) { return -Modular<T>(x); }); });
}

void abs(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    using M = Modular<T>;
    map<T, T>(c.out(), {c.in(0)}, [](T x) { return x > 0 ? M(x) : M(0) - M(x); });
  });
}

template <class T>
T sign_of(T x) {
  if (x > 0) return T(1);
  if (x < 0) return T(-1);
  return x;  // 0, or NaN
}

void abs_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return dy * sign_of(x); });
  });
}

void square(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    using M = Modular<T>;
    map<T, T>(c.out(), {c.in(0)}, [](T x) { return M(x) * M(x); });
  });
}

void square_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    map<T, T, T>(c.din(0), {c.dout(), c.in(0)}, [](double dy, double x) { return 2 * x * dy; });
  });
}

void sign(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) { map<T, T>(c.out(), {c.in(0)}, sign_of<T>); });
}

void reciprocal(const Call& c) {
  map_floating(c.out(), {c.in(0)}, [](double x) { return 1 / x; });
}

void reciprocal_gradient(const Call& c) {
  map_floating(c.din(0), {c.dout(), c.out()}, [](double dy, double y) { return -dy * y * y; });
}

PLUGRAD_FORWARD(add, add);
PLUGRAD_FORWARD(sub, sub);
PLUGRAD_KERNELS(mul, mul, mul_gradient);
PLUGRAD_KERNELS(div, div, div_gradient);
PLUGRAD_KERNELS(maximum, extremum<Larger>, extremum_gradient<Larger>);
PLUGRAD_KERNELS(minimum, extremum<Smaller>, extremum_gradient<Smaller>);
PLUGRAD_KERNELS(pow, pow, pow_gradient);
PLUGRAD_FORWARD(axpy, axpy);
PLUGRAD_FORWARD(neg, neg);
PLUGRAD_KERNELS(abs, abs, abs_gradient);
PLUGRAD_KERNELS(square, square, square_gradient);
PLUGRAD_FORWARD(sign, sign);
PLUGRAD_KERNELS(reciprocal, reciprocal, reciprocal_gradient);

}  // namespace
}  // namespace plugrad::reference

// One step of recurrent networks, element by element; s is the logistic function, gates lie side by side.
//
//   lstm_cell   f, i, o = s of forget, input, output; g = tanh change
//               c' = c f + i g, h' = o tanh c'
//     with e = dc' + dh' o (1 - tanh^2 c'):   dc = e f       dforget = e c f (1 - f)    dinput = e g i (1 -
//     i) doutput = dh' tanh c' o (1 - o)   dchange = e i (1 - g^2)
//   gru_cell    r = s(reset_x + reset_h), z = s(update_x + update_h), g = tanh(change_x + r change_h)
//               h' = (1 - z) g + z h
//     with e = dh' (1 - z) (1 - g^2):   dh = dh' z   dreset = e change_h r (1 - r)
//     dupdate = dh' (h - g) z (1 - z)   dchange_x = e   dchange_h = e r
#include <cmath>

#include "plugrad/backends/reference/loops.h"

namespace plugrad::reference {
namespace {

double logistic(double x) {
  const double e = std::exp(-std::abs(x));  // at most 1: no overflow for large |x|
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

// Gate k of those side by side, each as wide as the state.
template <class T>
View<T> gate(const View<T>& gates, int k, const View<T>& state) {
  return gates.narrow(1, k * state.shape[1], state.shape[1]);
}

// The gradient of output k, of the shape of `like`: zeros where there is none.
template <class T>
View<const T> dout_or_zeros(const Call& c, int k, const DLTensor& like) {
  static constexpr T zero = 0;
  if (c.has_dout(k)) return view<const T>(c.dout(k));
  return broadcast(View<const T>{&zero}, like);
}

// The gradient in input i; where it is not wanted, a place to forget it.
template <class T>
View<T> din_or_nowhere(const Call& c, int i) {
  return c.wants(i) ? view<T>(c.din(i)) : workspace(c, T{}, c.in(i));
}

// What both directions need.
struct Lstm {
  double f, i, o, g, c, tanh_c;
  Lstm(double forget, double input, double output, double change, double before)
      : f(logistic(forget)),
        i(logistic(input)),
        o(logistic(output)),
        g(std::tanh(change)),
        c(before * f + i * g),
        tanh_c(std::tanh(c)) {}
};

void lstm_cell(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto gates = view<const T>(c.in(0)), state = view<const T>(c.in(1));
    for_each(
        [](T forget, T input, T output, T change, T before, T& h, T& after) {
          const Lstm s(forget, input, output, change, before);
          h = static_cast<T>(s.o * s.tanh_c);
          after = static_cast<T>(s.c);
        },
        gate(gates, 0, state), gate(gates, 1, state), gate(gates, 2, state), gate(gates, 3, state), state,
        view<T>(c.out(0)), view<T>(c.out(1)));
  });
}

void lstm_cell_gradient(const Call& c) {
  with_floating(c.in(0).dtype, [&]<class T>(Type<T>) {
    const auto gates = view<const T>(c.in(0)), state = view<const T>(c.in(1));
    const auto dh = dout_or_zeros<T>(c, 0, c.in(1)), dc = dout_or_zeros<T>(c, 1, c.in(1));
    const auto dgates = din_or_nowhere<T>(c, 0), dstate = din_or_nowhere<T>(c, 1);
    for_each(
        [](T forget, T input, T output, T change, T before, T dh_, T dc_, T& dforget, T& dinput, T& doutput,
           T& dchange, T& dbefore) {
          const Lstm s(forget, input, output, change, before);
          const double e = dc_ + dh_ * s.o * (1 - s.tanh_c * s.tanh_c);
          dforget = static_cast<T>(e * before * s.f * (1 - s.f));
          dinput = static_cast<T>(e * s.g * s.i * (1 - s.i));
          doutput = static_cast<T>(dh_ * s.tanh_c * s.o * (1 - s.o));
          dchange = static_cast<T>(e * s.i * (1 - s.g * s.g));
          dbefore = static_cast<T>(e * s.f);
        },
        gate(gates, 0, state), gate(gates, 1, state), gate(gates, 2, state), gate(gates, 3, state), state, dh,
        dc, gate(dgates, 0, dstate), gate(dgates, 1, dstate), gate(dgates, 2, dstate),
        gate(dgates, 3, dstate), dstate);
  });
}

struct Gru {
  double r, z, g;
  Gru(double reset, double update, double change_x, double change_h)
      : r(logistic(reset)), z(logistic(update)), g(std::tanh(change_x + r * change_h)) {}
};

void gru_cell(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(c.in(0)), h = view<const T>(c.in(1)), state = view<const T>(c.in(2));
    for_each(
        [](double reset_x, double update_x, double change_x, double reset_h, double update_h, double change_h,
           double before, T& after) {
          const Gru s(reset_x + reset_h, update_x + update_h, change_x, change_h);
          after = static_cast<T>((1 - s.z) * s.g + s.z * before);
        },
        gate(x, 0, state), gate(x, 1, state), gate(x, 2, state), gate(h, 0, state), gate(h, 1, state),
        gate(h, 2, state), state, view<T>(c.out()));
  });
}

void gru_cell_gradient(const Call& c) {
  with_floating(c.in(0).dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(c.in(0)), h = view<const T>(c.in(1)), state = view<const T>(c.in(2));
    const auto dx = din_or_nowhere<T>(c, 0), dh = din_or_nowhere<T>(c, 1), dstate = din_or_nowhere<T>(c, 2);
    for_each(
        [](double reset_x, double update_x, double change_x, double reset_h, double update_h, double change_h,
           double before, double dy, T& dreset_x, T& dupdate_x, T& dchange_x, T& dreset_h, T& dupdate_h,
           T& dchange_h, T& dbefore) {
          const Gru s(reset_x + reset_h, update_x + update_h, change_x, change_h);
          const double e = dy * (1 - s.z) * (1 - s.g * s.g);
          dreset_x = dreset_h = static_cast<T>(e * change_h * s.r * (1 - s.r));
          dupdate_x = dupdate_h = static_cast<T>(dy * (before - s.g) * s.z * (1 - s.z));
          dchange_x = static_cast<T>(e);
          dchange_h = static_cast<T>(e * s.r);
          dbefore = static_cast<T>(dy * s.z);
        },
        gate(x, 0, state), gate(x, 1, state), gate(x, 2, state), gate(h, 0, state), gate(h, 1, state),
        gate(h, 2, state), state, view<const T>(c.dout()), gate(dx, 0, dstate), gate(dx, 1, dstate),
        gate(dx, 2, dstate), gate(dh, 0, dstate), gate(dh, 1, dstate), gate(dh, 2, dstate), dstate);
  });
}

PLUGRAD_KERNELS(lstm_cell, lstm_cell, lstm_cell_gradient);
PLUGRAD_KERNELS(gru_cell, gru_cell, gru_cell_gradient);

}  // namespace
}  // namespace plugrad::reference

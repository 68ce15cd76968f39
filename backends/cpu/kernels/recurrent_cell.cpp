// One step of recurrent networks; s is the logistic function, gates lie side by side.
//   lstm_cell: f, i, o = s of forget, input, output; g = tanh change; c' = c f + i g; h' = o tanh c'
//     with e = dc' + dh' o (1 - tanh^2 c'): dc = e f; dforget = e c f (1 - f); dinput = e g i (1 - i);
//     doutput = dh' tanh c' o (1 - o); dchange = e i (1 - g^2)
//   gru_cell: r, z = s of the sums of both resets, updates; g = tanh(change_x + r change_h);
//     h' = g + z (h - g)
//     with e = dh' (1 - z) (1 - g^2): dh = dh' z; dreset = e change_h r (1 - r);
//     dupdate = dh' (h - g) z (1 - z); dchange_x = e; dchange_h = e r
#include "plugrad/backends/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/kernels/recurrent_cell.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h

#include "plugrad/backends/cpu/softmax-inl.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// 1 - y^2, the derivative of tanh where it is y; loses less than that where |y| is near 1.
template <class D, class V>
HWY_INLINE V of_tanh(D d, V y) {
  const V one = hn::Set(d, hn::TFromD<D>{1});
  return hn::Mul(hn::Sub(one, y), hn::Add(one, y));
}
template <class D, class V>
HWY_INLINE V of_sigmoid(D d, V y) {
  return hn::Mul(y, hn::Sub(hn::Set(d, hn::TFromD<D>{1}), y));
}

constexpr int64_t longest_run = 256;
// Of a run, what one pass over it leaves to the next.
template <class T>
struct Kept {
  HWY_ALIGN T values[longest_run];
};

// Some neighbouring elements: where they begin in a state, in gates, and in a run.
template <class T, class D>
struct Place {
  D d;
  int64_t state, gates, hidden, run, n;

  using V = hn::Vec<D>;
  HWY_INLINE V load_state(const T* p) const { return load_up_to(d, p + state, n); }
  HWY_INLINE V load_gate(const T* p, int64_t k) const { return load_up_to(d, p + gates + k * hidden, n); }
  HWY_INLINE V load(const Kept<T>& kept) const { return load_up_to(d, kept.values + run, n); }
  // A gradient; null: zeros.
  HWY_INLINE V load_or_zero(const T* p) const { return p ? load_state(p) : hn::Zero(d); }
  HWY_INLINE void store(V v, Kept<T>& kept) const { store_up_to(v, d, kept.values + run, n); }
  // Nowhere, if p is null.
  HWY_INLINE void store_state(V v, T* p) const {
    if (p) store_up_to(v, d, p + state, n);
  }
  HWY_INLINE void store_gate(V v, T* p, int64_t k) const {
    if (p) store_up_to(v, d, p + gates + k * hidden, n);
  }
};

// Part of a row. A cell takes two passes over it: the functions of the gates in the first are independent,
// and run side by side; the tanh in the second needs them.
template <class T>
struct Run {
  int64_t state, gates, hidden, length;
  template <class F>
  HWY_INLINE void for_each_place(F&& f) const {
    for_each_vector<T>(length, [&](auto d, int64_t j, int64_t n) HWY_ATTR {
      f(Place<T, decltype(d)>{d, state + j, gates + j, hidden, j, n});
    });
  }
};

// Calls f(run) for all parts of a state like `like` beside gates that are `width` times as wide.
template <class T, class F>
void for_each_run(const Call& c, const DLTensor& like, int64_t width, F&& f) {
  constexpr int64_t heavy_functions = 5;
  const int64_t rows = like.shape[0], hidden = like.shape[1];
  const int64_t grain = heavy_grain / (heavy_functions * std::max<int64_t>(hidden, 1));
  parallel_for(c.threads(), rows, std::max<int64_t>(grain, 1), [&](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t r = begin; r < end; ++r)
      for (int64_t j = 0; j < hidden; j += longest_run)
        f(Run<T>{r * hidden + j, r * width * hidden + j, hidden, std::min(longest_run, hidden - j)});
  });
}

template <class T>
const T* dout_or_null(const Call& c, int k) {
  return c.has_dout(k) ? compact<T>(c, c.dout(k)) : nullptr;
}
template <class T>
T* din_or_null(const Call& c, int i) {
  return c.wants(i) ? data<T>(c.din(i)) : nullptr;
}

// The gates of a long short-term memory, and its new cell: what both directions need.
template <class V>
struct Lstm {
  V f, i, o, g, c;
};
template <class T, class P>
HWY_INLINE auto lstm(const P& at, const T* gates, const T* state) {
  const auto f = math::sigmoid(at.d, at.load_gate(gates, 0)), i = math::sigmoid(at.d, at.load_gate(gates, 1));
  const auto o = math::sigmoid(at.d, at.load_gate(gates, 2)), g = math::tanh(at.d, at.load_gate(gates, 3));
  return Lstm<typename P::V>{f, i, o, g, hn::MulAdd(at.load_state(state), f, hn::Mul(i, g))};
}

void lstm_cell(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T *gates = compact<T>(c, c.in(0)), *state = compact<T>(c, c.in(1));
    T *h = data<T>(c.out(0)), *after = data<T>(c.out(1));
    for_each_run<T>(c, c.in(1), 4, [&](const Run<T>& run) HWY_ATTR {
      run.for_each_place([&](const auto& at) HWY_ATTR {
        const auto s = lstm(at, gates, state);
        at.store_state(s.o, h);
        at.store_state(s.c, after);
      });
      run.for_each_place([&](const auto& at) HWY_ATTR {
        at.store_state(hn::Mul(at.load_state(h), math::tanh(at.d, at.load_state(after))), h);
      });
    });
  });
}

void lstm_cell_gradient(const Call& c) {
  plugin::with_floating(c.in(0).dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T *gates = compact<T>(c, c.in(0)), *state = compact<T>(c, c.in(1));
    const T *dh = dout_or_null<T>(c, 0), *dc = dout_or_null<T>(c, 1);
    T *dgates = din_or_null<T>(c, 0), *dstate = din_or_null<T>(c, 1);
    for_each_run<T>(c, c.in(1), 4, [&](const Run<T>& run) HWY_ATTR {
      Kept<T> kept_f, kept_i, kept_o, kept_g, kept_c;
      run.for_each_place([&](const auto& at) HWY_ATTR {
        const auto s = lstm(at, gates, state);
        at.store(s.f, kept_f);
        at.store(s.i, kept_i);
        at.store(s.o, kept_o);
        at.store(s.g, kept_g);
        at.store(s.c, kept_c);
      });
      run.for_each_place([&](const auto& at) HWY_ATTR {
        const auto d = at.d;
        const auto f = at.load(kept_f), i = at.load(kept_i), o = at.load(kept_o), g = at.load(kept_g);
        const auto tanh_c = math::tanh(d, at.load(kept_c)), dy = at.load_or_zero(dh);
        const auto e = hn::MulAdd(hn::Mul(dy, o), of_tanh(d, tanh_c), at.load_or_zero(dc));
        at.store_gate(hn::Mul(hn::Mul(e, at.load_state(state)), of_sigmoid(d, f)), dgates, 0);
        at.store_gate(hn::Mul(hn::Mul(e, g), of_sigmoid(d, i)), dgates, 1);
        at.store_gate(hn::Mul(hn::Mul(dy, tanh_c), of_sigmoid(d, o)), dgates, 2);
        at.store_gate(hn::Mul(hn::Mul(e, i), of_tanh(d, g)), dgates, 3);
        at.store_state(hn::Mul(e, f), dstate);
      });
    });
  });
}

// The gates of a gated recurrent unit, the last before its tanh.
template <class V>
struct Gru {
  V r, z, change;
};
template <class T, class P>
HWY_INLINE auto gru(const P& at, const T* x, const T* h) {
  const auto sum = [&](int64_t k) HWY_ATTR { return hn::Add(at.load_gate(x, k), at.load_gate(h, k)); };
  const auto r = math::sigmoid(at.d, sum(0)), z = math::sigmoid(at.d, sum(1));
  return Gru<typename P::V>{r, z, hn::MulAdd(r, at.load_gate(h, 2), at.load_gate(x, 2))};
}

void gru_cell(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T *x = compact<T>(c, c.in(0)), *h = compact<T>(c, c.in(1)), *state = compact<T>(c, c.in(2));
    T* after = data<T>(c.out());
    for_each_run<T>(c, c.in(2), 3, [&](const Run<T>& run) HWY_ATTR {
      Kept<T> kept_z;
      run.for_each_place([&](const auto& at) HWY_ATTR {
        const auto s = gru(at, x, h);
        at.store(s.z, kept_z);
        at.store_state(s.change, after);
      });
      run.for_each_place([&](const auto& at) HWY_ATTR {
        const auto g = math::tanh(at.d, at.load_state(after));
        at.store_state(hn::MulAdd(at.load(kept_z), hn::Sub(at.load_state(state), g), g), after);
      });
    });
  });
}

void gru_cell_gradient(const Call& c) {
  plugin::with_floating(c.in(0).dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const T *x = compact<T>(c, c.in(0)), *h = compact<T>(c, c.in(1)), *state = compact<T>(c, c.in(2));
    const T* dy_ = compact<T>(c, c.dout());
    T *dx = din_or_null<T>(c, 0), *dh = din_or_null<T>(c, 1), *dstate = din_or_null<T>(c, 2);
    for_each_run<T>(c, c.in(2), 3, [&](const Run<T>& run) HWY_ATTR {
      Kept<T> kept_r, kept_z, kept_change;
      run.for_each_place([&](const auto& at) HWY_ATTR {
        const auto s = gru(at, x, h);
        at.store(s.r, kept_r);
        at.store(s.z, kept_z);
        at.store(s.change, kept_change);
      });
      run.for_each_place([&](const auto& at) HWY_ATTR {
        const auto d = at.d;
        const auto r = at.load(kept_r), z = at.load(kept_z), g = math::tanh(d, at.load(kept_change));
        const auto dy = at.load_state(dy_), keep = hn::Mul(dy, z);
        const auto e = hn::Mul(hn::Sub(dy, keep), of_tanh(d, g));
        const auto dreset = hn::Mul(hn::Mul(e, at.load_gate(h, 2)), of_sigmoid(d, r));
        const auto dupdate = hn::Mul(hn::Mul(dy, hn::Sub(at.load_state(state), g)), of_sigmoid(d, z));
        for (T* to : {dx, dh}) {
          at.store_gate(dreset, to, 0);
          at.store_gate(dupdate, to, 1);
        }
        at.store_gate(e, dx, 2);
        at.store_gate(hn::Mul(e, r), dh, 2);
        at.store_state(keep, dstate);
      });
    });
  });
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
PLUGRAD_CPU_KERNELS(lstm_cell);
PLUGRAD_CPU_KERNELS(gru_cell);
}  // namespace plugrad::cpu
#endif

// Gradients held against central differences, on entries picked at random.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "plugrad/ops/ops.h"

namespace plugrad {

struct GradcheckResult {
  int entries = 0;   // how many were compared
  double worst = 0;  // the largest of |g - d| / max(|g|, |d|, 1e-3), d being the central difference
  double gradient = 0, difference = 0;  // there
};

namespace detail {

template <class S>
S in_float64(const S& structure) {
  S s = structure;
  visit(s, [](Array& a) { a = is_floating(a.dtype()) ? copy(cast(a, float64)) : a; });
  return s;
}

template <class T>
auto argument_in_float64(const T& x) {
  if constexpr (std::is_same_v<T, Array>) return in_float64(x);
  else return x;
}

}  // namespace detail

// Compares `entries` entries of the gradient of f(w, rest...), drawn from `seed`, with (f(w + h) - f(w - h))
// / 2h in float64, h = 1e-5. w and the arrays among `rest` are copied to float64 first; they stay as they
// are. The device must be one whose memory the host can write.
template <class F, class W, class... Rest>
GradcheckResult gradcheck(F f, const W& w, int entries, uint64_t seed, const Rest&... rest) {
  W w64 = detail::in_float64(w);
  const auto value = [&] { return f(std::as_const(w64), detail::argument_in_float64(rest)...).item(); };
  W g64 = grad(f)(w64, detail::argument_in_float64(rest)...);
  std::vector<std::pair<Array*, const Array*>> places;
  visit_pairs(w64, g64, [&](Array& a, const Array& g) {
    if (is_floating(a.dtype()) && a.size() > 0) places.emplace_back(&a, &g);
  });
  std::mt19937_64 draw(seed);
  GradcheckResult result;
  for (int n = 0; n < entries && !places.empty(); ++n) {
    auto [a, g] = places[draw() % places.size()];
    const auto i = static_cast<int64_t>(draw() % static_cast<uint64_t>(a->size()));
    constexpr double h = 1e-5;
    const double kept = a->data<double>()[i];
    a->mutable_data<double>()[i] = kept + h;
    const double above = value();
    a->mutable_data<double>()[i] = kept - h;
    const double below = value();
    a->mutable_data<double>()[i] = kept;
    const double d = (above - below) / (2 * h), e = g->data<double>()[i];
    const double off = std::abs(e - d) / std::max({std::abs(e), std::abs(d), 1e-3});
    ++result.entries;
    if (off >= result.worst) result = {result.entries, off, e, d};
  }
  return result;
}

}  // namespace plugrad

// grad(f): a function that returns the gradient of f in its first argument, whatever that argument's
// structure.
#pragma once

#include <array>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plugrad/core/structure.h"
#include "plugrad/core/tape.h"

namespace plugrad {

namespace detail {

// Floating numbers in a first argument become arrays; all else stays what it is.
template <class T>
struct Lifted {
  using type = std::conditional_t<std::is_floating_point_v<T>, Array, T>;
};
template <class T>
using lifted = typename Lifted<T>::type;
template <class T>
struct Lifted<std::vector<T>> {
  using type = std::vector<lifted<T>>;
};
template <class T, size_t n>
struct Lifted<std::array<T, n>> {
  using type = std::array<lifted<T>, n>;
};
template <class K, class T>
struct Lifted<std::map<K, T>> {
  using type = std::map<K, lifted<T>>;
};
template <class K, class T>
struct Lifted<std::unordered_map<K, T>> {
  using type = std::unordered_map<K, lifted<T>>;
};
template <class... T>
struct Lifted<std::tuple<T...>> {
  using type = std::tuple<lifted<T>...>;
};
template <class A, class B>
struct Lifted<std::pair<A, B>> {
  using type = std::pair<lifted<A>, lifted<B>>;
};

template <class T>
lifted<T> lift(const T& x) {
  using L = lifted<T>;
  if constexpr (std::is_same_v<L, T>) {
    return x;
  } else if constexpr (std::is_floating_point_v<T>) {
    using Element = std::conditional_t<std::is_same_v<T, float>, float, double>;
    return Array::from_data<Element>({static_cast<Element>(x)}, Shape{});
  } else if constexpr (Map<T>) {
    L result;
    for (const auto& [key, value] : x) result.emplace(key, lift(value));
    return result;
  } else if constexpr (TupleLike<T>) {
    return std::apply([](const auto&... part) { return L{lift(part)...}; }, x);
  } else {
    L result;
    for (const auto& value : x) result.push_back(lift(value));
    return result;
  }
}

}  // namespace detail

// A function of f's arguments that returns (f's value, its gradient in the first argument). f returns an
// Array of one element. The gradient has the first argument's structure (see visit_named), with each floating
// Array replaced by its gradient, each float or double by a scalar Array of its dtype, and the rest as it
// was. Data is not copied.
//
// Errors: ShapeError where f returns more than one number, Error where a gradient can't be had (see
// Recording), and whatever f throws. Then, as always, nothing stays behind.
template <class F>
auto value_and_grad(F f) {
  return [f = std::move(f)](const auto& w, const auto&... rest) {
    Recording recording;
    auto s = detail::lift(w);
    const auto differentiable = [](const Array& a) { return !a || is_floating(a.dtype()); };
    visit(s, [&](Array& a) {
      if (differentiable(a)) a = recording.leaf(a);
    });
    Array y = f(std::as_const(s), rest...);
    recording.backward(y);
    visit(s, [&](Array& a) {
      if (differentiable(a)) a = recording.next_gradient();
    });
    return std::pair<Array, decltype(s)>(std::move(y), std::move(s));
  };
}

// The gradient alone.
template <class F>
auto grad(F f) {
  return
      [g = value_and_grad(std::move(f))](const auto& w, const auto&... rest) { return g(w, rest...).second; };
}

}  // namespace plugrad

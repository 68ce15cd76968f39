// Walks over structures of arrays: whatever a model keeps its parameters in.
#pragma once

#include <boost/pfr.hpp>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "plugrad/core/array.h"

namespace plugrad {

namespace detail {

template <class T>
concept Range = requires(T& t) {
  t.begin();
  t.end();
};
template <class T>
concept Map = Range<T> && requires { typename std::remove_const_t<T>::mapped_type; };
template <class T>
concept TupleLike = requires { std::tuple_size<std::remove_const_t<T>>::value; };
template <class T>
concept Optional = requires(T& t) {
  t.has_value();
  *t;
};
struct AcceptsAll {
  template <class T>
  void operator()(T&&) const {}
};
// A class of the user's own: `template <class F> void visit_arrays(Class& c, F&& f)`, found beside the class,
// calls f on each member that holds arrays.
template <class T>
concept Customised = requires(T& t, AcceptsAll f) { visit_arrays(t, f); };

template <class T>
inline constexpr bool is_setting =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_convertible_v<const T&, std::string_view>;

template <class T>
std::string key_text(const T& key) {
  if constexpr (std::is_convertible_v<const T&, std::string>) return key;
  else return std::to_string(key);
}

}  // namespace detail

namespace detail {

// The place inside a structure, for those who want to know it.
struct NamedPath {
  std::string text;
  template <class K>
  NamedPath operator/(const K& key) const {
    return {(text.empty() ? "" : text + ".") + key_text(key)};
  }
};
// For those who do not: names cost an allocation each.
struct NoPath {
  template <class K>
  NoPath operator/(const K&) const {
    return {};
  }
};

template <class T, class F, class Path>
void walk(T& structure, F& f, const Path& path) {
  using U = std::remove_const_t<T>;
  int number = 0;
  const auto inner = [&](auto& part) { walk(part, f, path / number++); };
  if constexpr (std::is_same_v<U, Array>) f(path, structure);
  else if constexpr (is_setting<U>) return;
  else if constexpr (Customised<T>) visit_arrays(structure, inner);
  else if constexpr (Optional<T>) structure ? walk(*structure, f, path) : void();
  else if constexpr (Map<T>)
    for (auto& [key, part] : structure) walk(part, f, path / key);
  else if constexpr (Range<T>)
    for (auto& part : structure) inner(part);
  else if constexpr (TupleLike<T>) std::apply([&](auto&... part) { (inner(part), ...); }, structure);
  else {
    static_assert(
        std::is_aggregate_v<U>,
        "plugrad: this type is no structure of arrays; give it a visit_arrays(Type&, f) beside its class");
    boost::pfr::for_each_field(structure, inner);
  }
}

}  // namespace detail

// Calls f(array) on every Array inside `structure`, in a fixed order. A structure is an Array, or a vector,
// array, map, pair, tuple, optional or aggregate struct of structures, or a class with visit_arrays. Numbers,
// enums and text inside are settings, and left alone.
template <class T, class F>
void visit(T& structure, F&& f) {
  auto call = [&](const detail::NoPath&, auto& x) { f(x); };
  detail::walk(structure, call, detail::NoPath{});
}

// Calls f(path, array); `path` names the place: keys of maps, numbers of elements and fields, joined with
// dots.
template <class T, class F>
void visit_named(T& structure, F&& f) {
  auto call = [&](const detail::NamedPath& path, auto& x) { f(path.text, x); };
  detail::walk(structure, call, detail::NamedPath{});
}

// Calls f(array of a, array of b) on the arrays of two structures of one kind, in step. ShapeError where one
// has more.
template <class A, class B, class F>
void visit_pairs(A& a, B& b, F&& f) {
  if constexpr (std::is_same_v<std::remove_const_t<A>, Array>) {
    f(a, b);
  } else if constexpr (std::same_as<std::remove_const_t<A>, std::vector<Array>>) {
    if (a.size() != b.size()) throw ShapeError("visit_pairs: structures of different sizes");
    for (size_t i = 0; i < a.size(); ++i) f(a[i], b[i]);
  } else {
    using Pointer = std::conditional_t<std::is_const_v<B>, const Array*, Array*>;
    std::vector<Pointer> others;
    visit(b, [&](auto& x) { others.push_back(&x); });
    size_t i = 0;
    visit(a, [&](auto& x) {
      if (i == others.size()) throw ShapeError("visit_pairs: structures of different sizes");
      f(x, *others[i++]);
    });
    if (i != others.size()) throw ShapeError("visit_pairs: structures of different sizes");
  }
}

}  // namespace plugrad

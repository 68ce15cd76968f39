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

namespace detail {

[[noreturn]] PLUGRAD_PUBLIC PLUGRAD_COLD void structures_differ();

template <class A, class B, class F>
void walk_pairs(A& a, B& b, F& f) {
  using U = std::remove_const_t<A>;
  if constexpr (std::is_same_v<U, Array>) {
    f(a, b);
  } else if constexpr (is_setting<U>) {
    return;
  } else if constexpr (Customised<A>) {  // its members are not ours to name: collect the other side first
    using Pointer = std::conditional_t<std::is_const_v<B>, const Array*, Array*>;
    std::vector<Pointer> others;
    visit(b, [&](auto& x) { others.push_back(&x); });
    size_t i = 0;
    visit(a, [&](auto& x) { i < others.size() ? f(x, *others[i++]) : structures_differ(); });
    if (i != others.size()) structures_differ();
  } else if constexpr (Optional<A>) {
    if (a.has_value() != b.has_value()) structures_differ();
    if (a) walk_pairs(*a, *b, f);
  } else if constexpr (Range<A>) {
    if (a.size() != b.size()) structures_differ();
    auto other = b.begin();
    for (auto& part : a) {
      if constexpr (Map<A>) {
        if (part.first != other->first) structures_differ();
        walk_pairs(part.second, other->second, f);
      } else {
        walk_pairs(part, *other, f);
      }
      ++other;
    }
  } else if constexpr (TupleLike<A>) {
    [&]<size_t... i>(std::index_sequence<i...>) {
      (walk_pairs(std::get<i>(a), std::get<i>(b), f), ...);
    }(std::make_index_sequence<std::tuple_size_v<U>>{});
  } else {
    [&]<size_t... i>(std::index_sequence<i...>) {
      (walk_pairs(boost::pfr::get<i>(a), boost::pfr::get<i>(b), f), ...);
    }(std::make_index_sequence<boost::pfr::tuple_size_v<U>>{});
  }
}

}  // namespace detail

// Calls f(array of a, array of b) on the arrays of two structures of one form, in step. ShapeError where
// their forms differ.
template <class A, class B, class F>
void visit_pairs(A& a, B& b, F&& f) {
  detail::walk_pairs(a, b, f);
}

}  // namespace plugrad

// Elementwise loops over single values, compiled once and not per instruction set: for functions of the C
// library, which are calls, and for operations that are rare enough. Any strides, as vector_loops-inl.h has
// it.
#pragma once

#include "plugrad/backends/cpu/targets.h"
//
#include "hwy/highway.h"
#include "plugrad/backends/cpu/vector_loops-inl.h"

namespace plugrad::cpu {

// out = op(in...): map_scalars<bool, float>(c, op, y, x) for a function of floats that gives bools.
template <class Out, class... T, class Op, class... Tensors>
void map_scalars(const plugin::Call& c, const Op& op, const DLTensor& out, const Tensors&... in) {
  static_assert(sizeof...(T) == sizeof...(Tensors));
  HWY_NAMESPACE::PlainMap<Out, T...>::run(c, op, out, in...);
}

namespace detail {
template <class T, class Op, class... Tensors>
void map_scalars_of(const plugin::Call& c, const Op& op, const DLTensor& out, const Tensors&... in) {
  map_scalars<T, std::conditional_t<true, T, Tensors>...>(c, op, out, in...);
}
}  // namespace detail

// The same where all arrays are of out's dtype.
template <class Op, class... Tensors>
void map_scalars_floating(const plugin::Call& c, const Op& op, const DLTensor& out, const Tensors&... in) {
  plugin::with_floating(out.dtype,
                        [&]<class T>(plugin::Type<T>) { detail::map_scalars_of<T>(c, op, out, in...); });
}
template <class Op, class... Tensors>
void map_scalars_numbers(const plugin::Call& c, const Op& op, const DLTensor& out, const Tensors&... in) {
  plugin::with_number(out.dtype,
                      [&]<class T>(plugin::Type<T>) { detail::map_scalars_of<T>(c, op, out, in...); });
}

}  // namespace plugrad::cpu

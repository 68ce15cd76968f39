// Functions of elements: out = f(in...), for arrays of any strides, repeated to out's shape by NumPy's rule.
// Where alignment and strides allow, a thread moves 16 bytes at a time.
//
// A function is an object `T operator()(T, T) const` of the device; its arguments come in the inputs' order.
#pragma once

#include <algorithm>
#include <utility>

#include "plugrad/backends/cuda/launch.h"
#include "plugrad/backends/cuda/layout.h"

namespace plugrad::cuda {

using plugin::Call;
using plugin::Type;
using plugin::with_any;
using plugin::with_floating;
using plugin::with_number;

// For kernels that only move elements: calls f with the unsigned integer of the dtype's size. Three types
// serve all dtypes.
template <class F>
void with_bits(DLDataType d, F&& f) {
  if (d.bits == 8) return f(Type<uint8_t>{});
  if (d.bits == 32) return f(Type<uint32_t>{});
  if (d.bits == 64) return f(Type<uint64_t>{});
  throw plugin::Failure(PLUGRAD_BAD_DTYPE, "this backend has no kernel for the dtype");
}

struct Identity {
  template <class T>
  __device__ T operator()(T x) const {
    return x;
  }
};

template <class T, int width>
struct alignas(sizeof(T) * width) Pack {
  T element[width];
};

// `n` elements at p + offset, the rest unset; of one element where `repeat` says so.
template <int width, class T>
__device__ Pack<T, width> load(const T* p, bool repeat, int n) {
  Pack<T, width> pack;
  if (width == 1) {
    pack.element[0] = *p;
  } else if (repeat) {
    const T value = *p;
    for (int i = 0; i < width; ++i) pack.element[i] = value;
  } else if (n == width) {
    pack = *reinterpret_cast<const Pack<T, width>*>(p);
  } else {
    for (int i = 0; i < width; ++i)
      if (i < n) pack.element[i] = p[i];
  }
  return pack;
}

template <int width, class T>
__device__ void store(T* p, const Pack<T, width>& pack, int n) {
  if (n == width) {
    *reinterpret_cast<Pack<T, width>*>(p) = pack;
  } else {
    for (int i = 0; i < width; ++i)
      if (i < n) p[i] = pack.element[i];
  }
}

template <int width, class F, class Out, class... In, size_t... I>
__device__ void map_pack(const F& f, const Layout<1 + sizeof...(In)>& layout, uint32_t pack,
                         std::index_sequence<I...>) {
  int64_t offset[1 + sizeof...(In)];
  layout.locate(pack, offset);
  const int n = min(width, static_cast<int>(layout.elements - pack * width));
  const auto apply = [&](const Pack<In, width>&... in) {
    Pack<Out, width> out;
    for (int i = 0; i < width; ++i)
      if (i < n) out.element[i] = f(in.element[i]...);
    store(static_cast<Out*>(layout.data[0]) + offset[0], out, n);
  };
  apply(load<width>(static_cast<const In*>(layout.data[1 + I]) + offset[1 + I], layout.repeats[1 + I], n)...);
}

template <int width, class F, class Out, class... In>
__global__ void __launch_bounds__(block_threads) map_kernel(F f, Layout<1 + sizeof...(In)> layout) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t pack = blockIdx.x * blockDim.x + threadIdx.x; pack < layout.packs; pack += step)
    map_pack<width, F, Out, In...>(f, layout, pack, std::index_sequence_for<In...>{});
}

// The kernel over arrays that are set up already: operand 0 is the output.
template <class Out, class... In, class F>
void map_arrays(const Call& c, const Arrays<1 + sizeof...(In)>& arrays, F f) {
  constexpr int width = static_cast<int>(16 / std::max({sizeof(Out), sizeof(In)...}));
  if (arrays.size() == 0) return;
  for_each_part(merged(arrays), [&](const auto& part) {
    const auto run = [&](auto kernel, int packed) {
      const auto layout = layout_of(part, packed);
      launch(c, kernel, grid_blocks(layout.packs), block_threads, f, layout);
    };
    if (packs_fit(part, width)) run(map_kernel<width, F, Out, In...>, width);
    else run(map_kernel<1, F, Out, In...>, 1);
  });
}

// out = f(in...): map<float, float, float>(c, f, z, x, y).
template <class Out, class... In, class F, class... Tensors>
void map(const Call& c, F f, const DLTensor& out, const Tensors&... in) {
  static_assert(sizeof...(In) == sizeof...(Tensors));
  map_arrays<Out, In...>(c, arrays_of(out, in...), f);
}

namespace detail {
template <class T, class>
using Same = T;
template <class T, class F, class... Tensors>
void map_all(const Call& c, F f, const DLTensor& out, const Tensors&... in) {
  map<T, Same<T, Tensors>...>(c, f, out, in...);
}
}  // namespace detail

// The same where all arrays are of out's dtype.
template <class F, class... Tensors>
void map_floating(const Call& c, F f, const DLTensor& out, const Tensors&... in) {
  with_floating(out.dtype, [&]<class T>(Type<T>) { detail::map_all<T>(c, f, out, in...); });
}
template <class F, class... Tensors>
void map_numbers(const Call& c, F f, const DLTensor& out, const Tensors&... in) {
  with_number(out.dtype, [&]<class T>(Type<T>) { detail::map_all<T>(c, f, out, in...); });
}

}  // namespace plugrad::cuda

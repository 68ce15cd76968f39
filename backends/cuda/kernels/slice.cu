// Arrays placed into zeros, which is the gradient of a slice, or into another value. Each element of the
// output looks for its source, so that one launch writes all of them once.
//
//   slice_backward   dx = 0, dx[start + k step] = dy[k]   (gradient: a composition)
//   pad              y = value, y[before + k] = x[k]      (gradient: a composition)
#include <algorithm>
#include <bit>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

// An axis of the output, and the places start + k step on it, k < count, that the input fills.
struct Axis {
  int64_t extent, start, step, count;
  int64_t stride;  // of the input
};

struct Placement {
  int ndim = 0;
  Axis axes[PLUGRAD_MAX_NDIM];
  char *out, *in;

  int64_t size() const {
    int64_t n = 1;
    for (int i = 0; i < ndim; ++i) n *= axes[i].extent;
    return n;
  }
};

// What of a Placement the kernel needs. It counts in packs along the innermost axis.
struct Sources {
  struct Axis {
    Divisor extent, step;
    uint32_t start, count;
    int64_t stride;
  };
  int outer = 0;  // axes beside the innermost
  uint32_t packs = 0;
  Axis axes[PLUGRAD_MAX_NDIM];  // innermost first
  void *out, *in;

  // Does the input fill this pack? If so, `offset` is where its elements are in the input.
  __device__ bool locate(uint32_t pack, int64_t& offset) const {
    offset = 0;
    // Unrolled, so that parameters are read by constant addresses.
#pragma unroll
    for (int i = 0; i < PLUGRAD_MAX_NDIM; ++i) {
      uint32_t index = pack;
      if (i < outer) pack = axes[i].extent.split(index);
      if (index < axes[i].start) return false;
      index -= axes[i].start;
      const uint32_t k = axes[i].step.split(index);
      if (index != 0 || k >= axes[i].count) return false;
      offset += k * axes[i].stride;
      if (i == outer) break;
    }
    return true;
  }
};

template <int width, class T>
__global__ void __launch_bounds__(block_threads) place_kernel(Sources sources, T value) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t pack = blockIdx.x * blockDim.x + threadIdx.x; pack < sources.packs; pack += step) {
    int64_t offset;
    Pack<T, width> values;
    if (sources.locate(pack, offset)) {
      values = load<width>(static_cast<const T*>(sources.in) + offset, false, width);
    } else {
      for (int i = 0; i < width; ++i) values.element[i] = value;
    }
    store(static_cast<T*>(sources.out) + int64_t{pack} * width, values, width);
  }
}

// The axis with a positive step, and without what does not matter.
Axis normal_form(Axis a, int item, char*& in) {
  if (a.count == 0) return {a.extent, 0, 1, 0, 0};
  if (a.count == 1) return {a.extent, a.start, 1, 1, 0};
  if (a.step > 0) return a;
  const int64_t last = a.count - 1;
  in += last * a.stride * item;
  return {a.extent, a.start + last * a.step, -a.step, a.count, -a.stride};
}

// Can both axes be one? The inner one must be filled entirely.
bool merge(const Axis& outer, const Axis& inner) {
  return inner.start == 0 && inner.step == 1 && inner.count == inner.extent && outer.step == 1 &&
         (outer.count <= 1 || outer.stride == inner.stride * inner.extent);
}

// `step` null: a step of 1.
Placement placement_of(const Call& c, const int64_t* start, const int64_t* step) {
  const DLTensor &x = c.in(0), &y = c.out();
  const int item = y.dtype.bits / 8;
  Placement p;
  p.out = plugin::data<char>(y);
  p.in = plugin::data<char>(x);
  for (int i = 0; i < y.ndim; ++i) {
    const Axis axis =
        normal_form({y.shape[i], start[i], step ? step[i] : 1, x.shape[i], x.strides[i]}, item, p.in);
    if (axis.extent == 1 && axis.count == 1) continue;
    if (p.ndim > 0 && merge(p.axes[p.ndim - 1], axis)) {
      Axis& outer = p.axes[p.ndim - 1];
      outer = {outer.extent * axis.extent, outer.start * axis.extent, 1, outer.count * axis.extent,
               axis.stride};
    } else {
      p.axes[p.ndim++] = axis;
    }
  }
  if (p.ndim == 0) p.axes[p.ndim++] = {1, 0, 1, 1, 1};
  return p;
}

bool packs_fit(const Placement& p, int width, int item) {
  const Axis& inner = p.axes[p.ndim - 1];
  if (inner.step != 1 || inner.stride != 1 || (inner.extent | inner.start | inner.count) % width != 0)
    return false;
  for (int i = 0; i < p.ndim - 1; ++i)
    if (p.axes[i].stride % width != 0) return false;
  return (reinterpret_cast<uintptr_t>(p.in) | reinterpret_cast<uintptr_t>(p.out)) %
             static_cast<uintptr_t>(width * item) ==
         0;
}

Sources sources_of(const Placement& p, int width) {
  Sources s;
  s.outer = p.ndim - 1;
  s.packs = static_cast<uint32_t>(p.size() / width);
  s.out = p.out;
  s.in = p.in;
  for (int i = 0; i < p.ndim; ++i) {
    const Axis& a = p.axes[p.ndim - 1 - i];
    const int unit = i == 0 ? width : 1;
    const auto packs = [unit](int64_t n) { return static_cast<uint32_t>(n / unit); };
    s.axes[i] = {Divisor(packs(a.extent)), Divisor(static_cast<uint32_t>(a.step)), packs(a.start),
                 packs(a.count), a.stride * unit};
  }
  return s;
}

// Calls f with parts of fewer than most_elements each. Halves of the first axis: the output of each is
// compact.
template <class F>
void for_each_part(const Placement& p, int item, F&& f) {
  const int64_t size = p.size();
  if (size < most_elements) return f(p);
  Placement first = p, second = p;
  int axis = 0;
  while (p.axes[axis].extent == 1) ++axis;
  Axis &a = first.axes[axis], &b = second.axes[axis];
  a.extent /= 2;
  b.extent -= a.extent;
  a.count = std::clamp(ceil_div(a.extent - a.start, a.step), int64_t{0}, a.count);
  b.count -= a.count;
  second.in += a.count * a.stride * item;
  second.out += size / p.axes[axis].extent * a.extent * item;
  b.start += a.count * a.step - a.extent;
  a = normal_form(a, item, first.in);
  b = normal_form(b, item, second.in);
  for_each_part(first, item, f);
  for_each_part(second, item, f);
}

template <class T>
void place(const Call& c, const Placement& placement, T value) {
  constexpr int item = static_cast<int>(sizeof(T)), width = 16 / item;
  for_each_part(placement, item, [&](const Placement& part) {
    const bool packs = packs_fit(part, width, item);
    const Sources sources = sources_of(part, packs ? width : 1);
    const auto kernel = packs ? place_kernel<width, T> : place_kernel<1, T>;
    launch(c, kernel, grid_blocks(sources.packs), block_threads, sources, value);
  });
}

void slice_backward(const Call& c) {
  if (plugin::size(c.out()) == 0) return;
  const Placement placement = placement_of(c, c.integers(1), c.integers(2));
  with_bits(c.out().dtype, [&]<class T>(Type<T>) { place(c, placement, T{0}); });
}

void pad(const Call& c) {
  if (plugin::size(c.out()) == 0) return;
  const Placement placement = placement_of(c, c.integers(0), nullptr);
  with_any(c.out().dtype, [&]<class T>(Type<T>) {
    with_bits(c.out().dtype, [&]<class Bits>(Type<Bits>) {
      if constexpr (sizeof(Bits) == sizeof(T))
        place(c, placement, std::bit_cast<Bits>(static_cast<T>(c.real(2))));
    });
  });
}

PLUGRAD_FORWARD(slice_backward, slice_backward);
PLUGRAD_FORWARD(pad, pad);

}  // namespace
}  // namespace plugrad::cuda

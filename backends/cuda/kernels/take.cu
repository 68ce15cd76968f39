// Elements and rows chosen by an index, whose number i has the place p(i) in a walk over the selected axes.
//
//   take          y[i] = x[p(i)]                          dx = 0, dx[p(i)] += dy[i]
//   index_add     y = x, y[p(i)] += source[i]             (gradient: a composition)
//   ravel_index   i0, i1, ... -> (i0 n1 + i1) n2 + ...    (locally constant)
//
// An index out of range is noted for the host; its elements are 0, its place is -1.
#include "plugrad/backends/cuda/selection.cuh"
#include "plugrad/backends/cuda/strided_copy.h"

namespace plugrad::cuda {
namespace {

// out, index and array in the shape of out.
IndexedCopy copy_of(const Call& c, const DLTensor& array, const DLTensor& index, const DLTensor& out) {
  const Selection s = selection_of(c, array, out, index);
  IndexedCopy copy{{}, s.places};
  Arrays<3>& a = copy.operands;
  const auto push_others = [&a](const Arrays<2>& others) {
    for (int k = 0; k < others.ndim; ++k)
      push_axis(a, others.shape[k], {others.strides[1][k], 0, others.strides[0][k]});
  };
  push_others(s.before);
  for (int k = 0; k < index.ndim; ++k)
    push_axis(a, index.shape[k], {s.entries.strides[0][k], index.strides[k], 0});
  push_others(s.after);
  const DLTensor* tensors[] = {&out, &index, &array};
  for (int k = 0; k < 3; ++k) {
    a.data[k] = plugin::data<char>(*tensors[k]);
    a.item[k] = tensors[k]->dtype.bits / 8;
  }
  return copy;
}

void take(const Call& c) {
  const DLTensor &index = c.in(1), &out = c.out();
  const IndexedCopy copy = copy_of(c, c.in(0), index, out);
  const IndexRange range{copy.places.length(), c.integer(2) != 0, index_errors(c)};
  if (plugin::size(out) == 0) return check_indices(c, index, range);
  copy_indexed(c, copy, range, index.dtype);
}

void take_gradient(const Call& c) {
  if (!c.wants(0)) return;
  const DLTensor &index = c.in(1), &dx = c.din(0);
  const size_t bytes = static_cast<size_t>(plugin::size(dx)) * dx.dtype.bits / 8;
  if (bytes == 0) return;
  check(cudaMemsetAsync(plugin::data<char>(dx), 0, bytes, stream(c)), "cudaMemsetAsync");
  const Entries entries = entries_of(c, dx, c.dout(), index);
  add_entries(c, entries, index, {entries.places.length(), c.integer(2) != 0}, dx.dtype);
}

void index_add(const Call& c) {
  const DLTensor &index = c.in(1), &out = c.out();
  if (plugin::data<char>(out) != plugin::data<char>(c.in(0)))
    copy_elements(c, out, c.in(0));  // else in place
  const Entries entries = entries_of(c, out, c.in(2), index);
  add_entries(c, entries, index, {entries.places.length(), false, index_errors(c)}, out.dtype);
}

struct FirstIndex {
  IndexRange range;
  template <class I>
  __device__ int64_t operator()(I i) const {
    int64_t index = i;
    return range.resolve(index) ? index : -1;
  }
};
struct NextIndex {
  IndexRange range;
  template <class I>
  __device__ int64_t operator()(int64_t place, I i) const {
    int64_t index = i;
    return range.resolve(index) && place >= 0 ? place * range.length + index : -1;
  }
};

void ravel_index(const Call& c) {
  const DLTensor& out = c.out();
  plugin::with_integer(c.in(0).dtype, [&]<class I>(Type<I>) {
    for (int k = 0; k < c.n_in(); ++k) {
      const IndexRange range{c.integers(0)[k], true, index_errors(c)};
      if (k == 0) map<int64_t, I>(c, FirstIndex{range}, out, c.in(0));
      else map<int64_t, int64_t, I>(c, NextIndex{range}, out, out, c.in(k));
    }
  });
}

PLUGRAD_KERNELS(take, take, take_gradient);
PLUGRAD_FORWARD(index_add, index_add);
PLUGRAD_FORWARD(ravel_index, ravel_index);

}  // namespace
}  // namespace plugrad::cuda

// Along an axis, here the first, an index of its own for each place.
//
//   gather        y[i,j] = x[index[i,j],j]                 dx = 0, dx[index[i,j],j] += dy[i,j]
//   scatter_add   y = x, y[index[i,j],j] += source[i,j]    (gradient: a composition)
//
// For sums, each index becomes the place in the whole array, and then it is as index_add. An index out of
// range is noted for the host; its element is 0.
#include "plugrad/backends/cuda/indexed.cuh"
#include "plugrad/backends/cuda/strided_copy.h"

namespace plugrad::cuda {
namespace {

int axis_of(const Call& c, const DLTensor& x) {
  return static_cast<int>(c.integer(0) < 0 ? c.integer(0) + x.ndim : c.integer(0));
}

// `first`, the index, and x without the axis that is indexed, in the shape of the index.
Arrays<3> operands_of(const DLTensor& first, const DLTensor& index, const DLTensor& x, int axis) {
  Arrays<3> a = arrays_of(index, index, index);
  set_operand(a, 0, first);
  for (int k = 0; k < index.ndim; ++k) a.strides[2][k] = k == axis || index.shape[k] == 1 ? 0 : x.strides[k];
  a.data[2] = plugin::data<char>(x);
  a.item[2] = x.dtype.bits / 8;
  return a;
}

Places places_along(const DLTensor& x, int axis) {
  Arrays<1> walk;
  walk.ndim = 1;
  walk.shape[0] = x.shape[axis];
  walk.strides[0][0] = x.strides[axis];
  return Places(walk);
}

void gather(const Call& c) {
  const DLTensor &x = c.in(0), &index = c.in(1), &out = c.out();
  if (plugin::size(out) == 0) return;
  const int axis = axis_of(c, x);
  const IndexedCopy copy{operands_of(out, index, x, axis), places_along(x, axis)};
  copy_indexed(c, copy, {x.shape[axis], false, index_errors(c)}, index.dtype);
}

// Operands: the places that are found, the index, and where its row begins.
template <class I>
__global__ void __launch_bounds__(block_threads)
    find_places_kernel(Layout<3> layout, Places along, IndexRange range) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < layout.elements; i += step) {
    int64_t offset[3];
    layout.locate(i, offset);
    int64_t number = static_cast<const I*>(layout.data[1])[offset[1]];
    const bool right = range.resolve(number);
    static_cast<int32_t*>(layout.data[0])[offset[0]] =
        right ? static_cast<int32_t>(offset[2] + along(number)) : -1;
  }
}

// sums[index] += parts; `sums` is compact.
void add_to(const Call& c, const DLTensor& sums, const DLTensor& index, const DLTensor& parts,
            IndexError* errors) {
  const int64_t n = plugin::size(index), length = plugin::size(sums);
  const int axis = axis_of(c, sums);
  if (n == 0) return;
  if (length == 0) return check_indices(c, index, {sums.shape[axis], false, errors});
  if (n >= most_elements || length >= most_elements)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE, std::to_string(n) + " indices for " + std::to_string(length) +
                                                 " elements are too many for this backend");
  int64_t strides[PLUGRAD_MAX_NDIM], next = 1;
  for (int k = index.ndim; k-- > 0; next *= index.shape[k]) strides[k] = next;
  DLTensor places = index;
  places.data = c.workspace<int32_t>(n);
  places.byte_offset = 0;
  places.dtype = {kDLInt, 32, 1};
  places.strides = strides;
  const auto layout = layout_of(merged(operands_of(places, index, sums, axis)), 1);
  const IndexRange range{sums.shape[axis], false, errors};
  plugin::with_integer(index.dtype, [&]<class I>(Type<I>) {
    launch(c, find_places_kernel<I>, grid_blocks(n), block_threads, layout, places_along(sums, axis), range);
  });
  Entries e;
  e.others.data[0] = plugin::data<char>(sums);
  e.others.data[1] = plugin::data<char>(parts);
  e.others.item[0] = e.others.item[1] = sums.dtype.bits / 8;
  e.entries = arrays_of(parts);
  Arrays<1> all;
  all.ndim = 1;
  all.shape[0] = length;
  all.strides[0][0] = 1;
  e.places = Places(all);
  add_entries(c, e, places, {length}, sums.dtype);
}

void gather_gradient(const Call& c) {
  if (!c.wants(0)) return;
  const DLTensor& dx = c.din(0);
  const size_t bytes = static_cast<size_t>(plugin::size(dx)) * dx.dtype.bits / 8;
  if (bytes == 0) return;
  check(cudaMemsetAsync(plugin::data<char>(dx), 0, bytes, stream(c)), "cudaMemsetAsync");
  add_to(c, dx, c.in(1), c.dout(), nullptr);
}

void scatter_add(const Call& c) {
  copy_elements(c, c.out(), c.in(0));
  add_to(c, c.out(), c.in(1), c.in(2), index_errors(c));
}

PLUGRAD_KERNELS(gather, gather, gather_gradient);
PLUGRAD_FORWARD(scatter_add, scatter_add);

}  // namespace
}  // namespace plugrad::cuda

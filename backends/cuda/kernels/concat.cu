// Arrays one after the other along an axis. One launch copies several inputs: each has blocks of its own.
//
//   concat   y = x0, x1, ...   dx0, dx1, ... = the slices of dy   (gradient: a composition)
#include <algorithm>
#include <array>

#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

constexpr int most_inputs = 15;  // of one launch: what a kernel's parameters have room for

struct Inputs {
  Layout<2> layouts[most_inputs];  // of the part of the output, and of the input that belongs there
  int first_block[most_inputs + 1] = {};
};
static_assert(sizeof(Inputs) <= 4096);

template <int width, class T>
__global__ void __launch_bounds__(block_threads) concat_kernel(Inputs inputs) {
  const int block = static_cast<int>(blockIdx.x);
  int k = 0;
  while (block >= inputs.first_block[k + 1]) ++k;
  const Layout<2>& layout = inputs.layouts[k];
  const int first = inputs.first_block[k];
  const uint32_t step = static_cast<uint32_t>(inputs.first_block[k + 1] - first) * blockDim.x;
  for (uint32_t pack = static_cast<uint32_t>(block - first) * blockDim.x + threadIdx.x; pack < layout.packs;
       pack += step)
    map_pack<width, Identity, T, T>(Identity{}, layout, pack, std::index_sequence<0>{});
}

// Copies that are collected until a launch is full.
template <class T>
class Copies {
 public:
  explicit Copies(const Call& c) : c_(c) {}

  void add(const Arrays<2>& arrays) {
    if (count_ == most_inputs) run();
    arrays_[count_++] = arrays;
  }

  void run() {
    constexpr int width = static_cast<int>(16 / sizeof(T));
    if (count_ == 0) return;
    const auto end = arrays_.begin() + count_;
    const bool packs = std::all_of(arrays_.begin(), end, [](const auto& a) { return packs_fit(a, width); });
    const auto kernel = packs ? concat_kernel<width, T> : concat_kernel<1, T>;
    Inputs inputs;
    for (int k = 0; k < count_; ++k) {
      inputs.layouts[k] = layout_of(arrays_[k], packs ? width : 1);
      inputs.first_block[k + 1] = inputs.first_block[k] + grid_blocks(inputs.layouts[k].packs);
    }
    launch(c_, kernel, inputs.first_block[count_], block_threads, inputs);
    count_ = 0;
  }

 private:
  const Call& c_;
  std::array<Arrays<2>, most_inputs> arrays_;
  int count_ = 0;
};

void concat(const Call& c) {
  const int axis = static_cast<int>(c.integer(0) < 0 ? c.integer(0) + c.out().ndim : c.integer(0));
  with_bits(c.out().dtype, [&]<class T>(Type<T>) {
    Copies<T> copies(c);
    DLTensor part = c.out();  // of the output, where the next input goes
    for (int i = 0; i < c.n_in(); ++i) {
      const DLTensor& x = c.in(i);
      part.shape = x.shape;
      const auto arrays = arrays_of(part, x);
      if (arrays.size() > 0) for_each_part(merged(arrays), [&](const Arrays<2>& a) { copies.add(a); });
      part.byte_offset += static_cast<uint64_t>(x.shape[axis] * part.strides[axis]) * sizeof(T);
    }
    copies.run();
  });
}

PLUGRAD_FORWARD(concat, concat);

}  // namespace
}  // namespace plugrad::cuda

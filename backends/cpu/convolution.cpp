// Chooses how a convolution is computed, by its shape, and brings the way that takes all shapes: image by
// image and group by group, with P the matrix of the patches [c kh kw, oh ow] and W the filters [o, c kh kw],
//   y = W P    dx: the columns of W^T dy added back to the pixels they came from    dW = sum of dy P^T
#include "plugrad/backends/cpu/convolution.h"

#include <limits>

#include "plugrad/backends/cpu/gemm.h"
#include "plugrad/backends/cpu/im2col.h"
#include "plugrad/backends/cpu/onednn.h"

namespace plugrad::cpu {
namespace {

template <class T>
Matrix<T> matrix(T* data, int64_t rows, int64_t columns) {
  return {data, rows, columns, columns, 1};
}

// The matrix products of one call.
template <class T>
class Products {
 public:
  Products(const Call& c, const Convolution& g, const ConvolutionArrays<T>& arrays)
      : g_(g), patches_(g), arrays_(arrays), scratch_(c), threads_(c.threads()) {
    if (!patches_.trivial()) columns_ = c.workspace<T>(patches_.size());
  }

  void run(Direction direction) {
    if (direction == Direction::input_gradient && !patches_.trivial())
      std::fill_n(arrays_.x, g_.x_size(), T{});
    for (int64_t n = 0; n < g_.images; ++n)
      for (int64_t group = 0; group < g_.groups; ++group) run(direction, n, group);
  }

 private:
  void run(Direction direction, int64_t n, int64_t group) {
    const int64_t at = n * g_.groups + group, rows = patches_.rows(), pixels = g_.pixels();
    T* x = arrays_.x + at * g_.group_channels() * g_.x[0] * g_.x[1];
    const auto w = matrix(arrays_.w + group * g_.group_filters() * rows, g_.group_filters(), rows);
    const auto y = matrix(arrays_.y + at * g_.group_filters() * pixels, g_.group_filters(), pixels);
    const auto columns = matrix(patches_.trivial() ? x : columns_, rows, pixels);
    if (direction == Direction::input_gradient) {
      multiply({w.transposed(), y, columns});
      if (!patches_.trivial()) add_columns_to_image(patches_, columns_, x);
      return;
    }
    if (!patches_.trivial()) image_to_columns(patches_, static_cast<const T*>(x), columns_);
    if (direction == Direction::forward) multiply({w, columns, y});
    else multiply({y, columns.transposed(), w, n > 0});
  }
  void multiply(const Product<T>& p) { cpu::multiply(p, scratch_, threads_); }

  const Convolution& g_;
  const Patches patches_;
  const ConvolutionArrays<T> arrays_;
  T* columns_ = nullptr;
  Scratch scratch_;
  const int threads_;
};

template <class T>
void fill_zero(Direction direction, const Convolution& g, const ConvolutionArrays<T>& arrays) {
  if (direction == Direction::forward) std::fill_n(arrays.y, g.y_size(), T{});
  if (direction == Direction::input_gradient) std::fill_n(arrays.x, g.x_size(), T{});
  if (direction == Direction::weight_gradient) std::fill_n(arrays.w, g.w_size(), T{});
}

// oneDNN copies x, w and y into its layouts and back; products need the patches, each of which serves as many
// multiply-adds as there are filters. Measured on shapes of all kinds with oneDNN 2.6, by code for AVX2 and
// for AVX-512: the fewer copies win. But its gradient in x computes whole vectors of input channels, also
// where there are few, and gains only where products have little to do for each patch.
bool suits_onednn(Direction direction, const Convolution& g) {
  const Patches patches(g);
  if (patches.trivial() || !g.has_all_windows()) return false;
  const int64_t channels = g.group_channels(), filters = g.group_filters();
  const bool few_channels = channels < 4 || (channels < 32 && filters > 16);
  if (direction == Direction::input_gradient && few_channels && !g.depthwise()) return false;
  const int64_t fixed_cost = 4096, copied = g.x_size() + g.w_size() + g.y_size() + fixed_cost;
  if (copied > std::numeric_limits<int32_t>::max()) return false;  // its code counts in 32 bits
  const int64_t patch_elements = g.images * g.groups * patches.size();
  return direction == Direction::forward ? 2 * patch_elements > 3 * copied : patch_elements > copied;
}

bool convolve_with_onednn(const Call&, Direction, const Convolution&, const ConvolutionArrays<double>&) {
  return false;
}
bool convolve_with_onednn(const Call& c, Direction direction, const Convolution& g,
                          const ConvolutionArrays<float>& arrays) {
  if (!suits_onednn(direction, g)) return false;
  const auto threads = std::clamp<int64_t>(g.multiply_adds() / multiply_grain, 1, c.threads());
  return onednn::convolve(c, direction, g, arrays, static_cast<int>(threads));
}

}  // namespace

template <class T>
void convolve(const Call& c, Direction direction, const Convolution& g, const ConvolutionArrays<T>& arrays) {
  if (g.empty()) return fill_zero(direction, g, arrays);
  if (convolve_with_onednn(c, direction, g, arrays)) return;
  Products<T>(c, g, arrays).run(direction);
}
template void convolve(const Call&, Direction, const Convolution&, const ConvolutionArrays<float>&);
template void convolve(const Call&, Direction, const Convolution&, const ConvolutionArrays<double>&);

}  // namespace plugrad::cpu

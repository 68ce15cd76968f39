// The gradients of convolutions, as convolutions.
#include "plugrad/ops/convolution.h"

namespace plugrad {

void check_groups(const Inference& i, int64_t groups, int64_t channels, int64_t filters) {
  if (groups < 1) i.fail(fmt::format("cannot have {} groups", groups));
  if (channels % groups != 0)
    i.fail(fmt::format("{} groups do not divide {} input channels", groups, channels));
  if (filters % groups != 0) i.fail(fmt::format("{} groups do not divide {} filters", groups, filters));
}

Conv2dOptions conv2d_options(const Gradient& g, int stride, int padding, int dilation, int groups) {
  Conv2dOptions o;
  const size_t first = g.count(stride) == 1 ? 1 : 0;
  for (size_t k = first; k < 2; ++k) {
    o.stride[k] = g.integers(stride)[k - first];
    o.padding[k] = g.integers(padding)[k - first];
    o.dilation[k] = g.integers(dilation)[k - first];
  }
  o.groups = g.integer(groups);
  return o;
}

// Where the stride passed over the last elements of x, they saw no window: output_padding makes them zeros.
Array convolution_input_gradient(const Array& dy, const Array& weight, const Shape& x,
                                 const Conv2dOptions& o) {
  ConvTranspose2dOptions options{
      .stride = o.stride, .padding = o.padding, .dilation = o.dilation, .groups = o.groups};
  for (int k = 0; k < 2; ++k) {
    const auto i = static_cast<size_t>(k);
    const Windows windows{weight.dims()[2 + k], o.stride[i], o.padding[i], o.dilation[i]};
    options.output_padding[i] = x[2 + k] - windows.reach(dy.dims()[2 + k]);
  }
  return conv_transpose2d(dy, weight, options);
}

// x [n, g c, h, w] convolved with dy [n, o, oh, ow], batch and channels exchanged, stride and dilation too.
// The filters of a group meet its channels only: their n images are the channels of that group.
Array convolution_weight_gradient(const Array& x, const Array& dy, const Shape& weight,
                                  const Conv2dOptions& o) {
  const int64_t n = x.dims()[0], h = x.dims()[2], w = x.dims()[3], channels = weight[1];
  const Array images = o.groups == 1
                           ? permute(x, {1, 0, 2, 3})
                           : reshape(permute(reshape(x, {n, o.groups, channels, h, w}), {2, 1, 0, 3, 4}),
                                     {channels, o.groups * n, h, w});
  Array dw = conv2d(images, permute(dy, {1, 0, 2, 3}),
                    {.stride = o.dilation, .padding = o.padding, .dilation = o.stride, .groups = o.groups});
  for (int k = 2; k < 4; ++k)
    if (dw.dims()[k] != weight[k]) dw = slice(dw, k, 0, weight[k]);
  return permute(dw, {1, 0, 2, 3});
}

}  // namespace plugrad

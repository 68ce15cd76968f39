// How many floating-point operations products take: what profiles count (OpSchema::flops).
#pragma once

#include <algorithm>

#include "plugrad/core/plugin.hpp"

namespace plugrad {

// Input i of a call, or its gradient: of the two, a call has at least one.
inline const DLTensor& operand(const plugrad_call& c, int i) { return c.in[i] ? *c.in[i] : *c.din[i]; }
// The first output of a forward call, the gradient in it of another.
inline const DLTensor& result(const plugrad_call& c) { return c.din ? *c.dout[0] : *c.out[0]; }

// A multiplication and an addition for each of `products` of a forward call of two factors, inputs 0 and 1;
// and as many for the gradient in each of these that is wanted.
inline double product_flops(const plugrad_call& c, double products) {
  const int passes = c.din ? (c.din[0] != nullptr) + (c.din[1] != nullptr) : 1;
  return 2 * products * passes;
}

// The elements of a filter of a convolution, of which weight [filters, channels, ...] has one for each.
inline double filter_size(const DLTensor& weight) {
  return static_cast<double>(plugin::size(weight)) /
         static_cast<double>(std::max<int64_t>(weight.shape[0], 1));
}

}  // namespace plugrad

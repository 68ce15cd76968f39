#include "plugrad/tests/conformance/calls.h"

#include <algorithm>

#include "plugrad/core/tape.h"

namespace plugrad::conformance {

std::vector<Array> call(const Case& c, const std::vector<Array>& in, Device device) {
  const std::vector<ArrayRef> refs(in.begin(), in.end());
  std::vector<Array> out(static_cast<size_t>(c.n_out));
  dispatch(*c.op, refs.data(), static_cast<int>(refs.size()), c.attr.data(), static_cast<int>(c.attr.size()),
           out.data(), c.n_out, device);
  return out;
}

Mask differentiable_inputs(const Case& c) {
  const OpSchema& s = *c.op->schema;
  Mask mask(c.in.size());
  for (size_t i = 0; i < mask.size(); ++i) {
    const size_t rule = s.same_gradient_for_all ? 0 : i;
    mask[i] = is_floating(c.in[i].dtype) && rule < max_differentiable_inputs &&
              (s.gradient[rule].composition || s.gradient[rule].kernel_only);
  }
  return mask;
}

bool any(const Mask& mask) { return std::find(mask.begin(), mask.end(), true) != mask.end(); }

std::vector<Array> gradients(const Case& c, const std::vector<Array>& in, const Mask& wanted,
                             const std::vector<Array>& dy, Device device) {
  Recording recording;
  std::vector<Array> x = in;
  for (size_t i = 0; i < x.size(); ++i)
    if (wanted[i]) x[i] = recording.leaf(x[i]);
  const std::vector<Array> out = call(c, x, device);
  // A scalar whose gradient in the outputs is dy.
  Array y = Array::from_data<double>(std::span<const double>(std::vector<double>{0}), Shape{}, device);
  const std::vector<ArrayRef> refs(out.begin(), out.end());
  detail::record_custom(refs, y, [&dy](const Array&) { return dy; });
  recording.backward(y);
  std::vector<Array> result;
  for (size_t i = 0; i < x.size(); ++i)
    if (wanted[i]) result.push_back(recording.next_gradient());
  return result;
}

std::vector<Values> draw_dy(const std::vector<Array>& out, Random random) {
  std::vector<Values> dy;
  for (const Array& y : out)
    dy.push_back(is_floating(y.dtype()) ? draw(y.shape(), y.dtype(), -1, 1, random)
                                        : Values{{0}, y.dtype(), {}});
  return dy;
}

std::vector<Array> dy_arrays(const std::vector<Values>& dy, Layout layout, Device device) {
  std::vector<Array> arrays;
  for (const Values& v : dy) arrays.push_back(is_floating(v.dtype) ? lay_out(v, layout, device) : Array());
  return arrays;
}

bool any_floating(const std::vector<Array>& out) {
  return std::any_of(out.begin(), out.end(), [](const Array& y) { return is_floating(y.dtype()); });
}

}  // namespace plugrad::conformance

// What stands in a cell of the table: how a backend has an op, and how it has the op's gradient.
#pragma once

#include <string_view>

#include "plugrad/core/registry.h"

namespace plugrad {

enum class CellState : uint8_t {
  none,      // nothing is wanted here: the op has no gradient, or its gradient is zero
  kernel,    // the backend's own
  view,      // forward: another look at the input's storage, on any backend
  trivial,   // gradient: a pass-through, a view, or exactly one other op, on any backend
  composed,  // of other ops, since the backend brings no kernel
  missing,   // a hole: calling it is a DeviceError, differentiating it an Error
};
// "", "kernel", "view", "trivial", "composed", "-".
PLUGRAD_PUBLIC std::string_view to_string(CellState state);

PLUGRAD_PUBLIC CellState forward_state(const OpSchema& op, Cell cell);
PLUGRAD_PUBLIC CellState gradient_state(const OpSchema& op, Cell cell);

// Does a backend that claims the op set need the kernel? The forward one of every primitive; the gradient one
// of those that are differentiable and not trivially so.
PLUGRAD_PUBLIC bool needs_forward_kernel(const OpSchema& op);
PLUGRAD_PUBLIC bool needs_gradient_kernel(const OpSchema& op);

}  // namespace plugrad

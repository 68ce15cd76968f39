// Has kernels for an op that the host does not know, among some that it does.
#include "plugrad/core/plugin.hpp"

namespace {
void nothing(const plugrad::plugin::Call&) {}
}  // namespace

PLUGRAD_KERNELS(relu, nothing, nothing);
PLUGRAD_FORWARD(no_such_op, nothing);
PLUGRAD_FORWARD(tanh, nothing);
PLUGRAD_BACKEND(unknown_op, "1", "", nullptr)

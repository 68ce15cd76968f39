// Claims an op set of which it has two kernels.
#include "plugrad/core/plugin.hpp"

namespace {
void nothing(const plugrad::plugin::Call&) {}
}  // namespace

PLUGRAD_KERNELS(relu, nothing, nothing);
PLUGRAD_FORWARD(tanh, nothing);
PLUGRAD_BACKEND(incomplete, "1", "core-1", nullptr)

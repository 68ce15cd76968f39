// Calls itself by the name of another plugin, good.cpp.
#include "plugrad/core/plugin.hpp"

namespace {
void nothing(const plugrad::plugin::Call&) {}
}  // namespace

PLUGRAD_FORWARD(tanh, nothing);
PLUGRAD_BACKEND(good, "1", "", nullptr)

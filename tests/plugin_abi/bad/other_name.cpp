// The file is named after one backend, the manifest names another.
#include "plugrad/core/plugin.hpp"

namespace {
void nothing(const plugrad::plugin::Call&) {}
}  // namespace

PLUGRAD_FORWARD(relu, nothing);
PLUGRAD_BACKEND(somebody_else, "1", "", nullptr)

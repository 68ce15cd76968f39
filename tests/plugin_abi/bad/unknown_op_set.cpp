// Claims an op set that does not exist.
#include "plugrad/core/plugin.hpp"

namespace {
void nothing(const plugrad::plugin::Call&) {}
}  // namespace

PLUGRAD_FORWARD(relu, nothing);
PLUGRAD_BACKEND(unknown_op_set, "1", "core-77", nullptr)

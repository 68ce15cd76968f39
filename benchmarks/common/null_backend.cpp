#include "plugrad/benchmarks/common/null_backend.h"

#include "plugrad/core/plugin.hpp"

namespace plugrad::benchmarks {

void nothing(const plugin::Call&) {}

PLUGRAD_FORWARD(add, nothing);
PLUGRAD_KERNELS(mul, nothing, nothing);
PLUGRAD_FORWARD(full, nothing);
PLUGRAD_FORWARD(copy, nothing);

}  // namespace plugrad::benchmarks

PLUGRAD_BACKEND(null, "0.1.0", "", nullptr)

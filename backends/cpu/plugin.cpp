// The cpu backend: oneDNN for large products, vectorised loops for everything else.
#include "plugrad/core/plugin.hpp"

PLUGRAD_BACKEND(cpu, "0.1.0", "core-1", nullptr)

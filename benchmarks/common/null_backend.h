// A backend whose kernels return at once: what remains of an op is the framework.
#pragma once

#include "plugrad/core/abi.h"

extern "C" const plugrad_plugin plugrad_null_plugin;

// Op sets: what a backend promises to have, so that a hole in it shows when it is loaded and not in the
// middle of a training run.
#pragma once

#include "plugrad/core/plugin_staging.h"

namespace plugrad::detail {

// Checks that a backend brings every kernel of the op set that its manifest names, unless
// PLUGRAD_ALLOW_INCOMPLETE is 1. "core-0": the forward kernels of plugrad's own primitives, and the gradient
// kernels of those whose schema asks for one. Throws PluginError, starting with `where`, which lists all that
// is missing.
void check_complete(const Staged& staged, const Manifest& manifest, std::string_view where);

}  // namespace plugrad::detail
